"""Embeddings: vectors of tokens, of positions and of text in context, in plane or space, aligned from picture to picture."""
