"""Embeddings: the token vectors in the plane, aligned from picture to picture."""
