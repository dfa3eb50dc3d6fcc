"""How large each part of the model works and learns; drawn by the diagram, which is why it has no panel of its own."""
