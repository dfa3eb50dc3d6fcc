"""The world: the network that is being trained plays, reads pictures and paints them."""
