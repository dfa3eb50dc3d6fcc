"""The panel that the prompt bar opens: tokens with their alternatives, branches, alignment, and the answer over time."""
