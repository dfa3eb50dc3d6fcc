"""The model drawn as a stack of cards on its residual stream."""
