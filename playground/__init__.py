"""Transformer Playground: pick a transformer, change it layer by layer, train it and look inside while it learns."""

__version__ = "0.1.0"
