"""What interventions change: the loss and the predictions with and without each; drawn by the strip that lists them."""
