"""Attention: who looks at whom, in every layer and head."""
