"""Curves: loss, validation, learning rate and speed over time."""
