"""Colours, type, colour maps and the few widgets that every panel shares."""
