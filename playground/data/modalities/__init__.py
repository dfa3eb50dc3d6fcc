"""Everything that is no text as tokens: values, images, actions, and sequences of all of them."""
