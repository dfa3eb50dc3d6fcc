"""The loop: steps, optimiser, validation, checkpoints and history, without threads and without Qt."""
