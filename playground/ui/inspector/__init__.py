"""The selected part of the model as a form."""
