"""The model: from a spec to torch modules, with tap points at every intermediate."""
