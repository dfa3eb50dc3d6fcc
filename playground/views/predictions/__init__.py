"""Predictions: what the model would answer after each of its layers."""
