"""The one background thread that owns the model, and the words and letters it is spoken to with."""
