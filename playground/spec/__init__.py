"""What an experiment is, as frozen data: the model, the task, the training and the seed, without torch and without Qt."""
