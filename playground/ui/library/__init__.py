"""The library: the models that are shipped and the person's own, to look through and to open."""
