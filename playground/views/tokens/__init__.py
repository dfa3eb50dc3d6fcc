"""Tokens: the text as the model sees it."""
