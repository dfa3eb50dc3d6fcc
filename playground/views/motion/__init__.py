"""Slow motion: one training step, told part by part with its real tensors."""
