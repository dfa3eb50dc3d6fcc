"""Grafting as a plan: how each weight of a changed model is made from one of the old model, from the two specs alone."""
