"""Texts and tokenizers: from a file to batches of tokens."""
