"""Flow: how activations, gradients and weights go through the model over training, and what announces that it goes wrong."""
