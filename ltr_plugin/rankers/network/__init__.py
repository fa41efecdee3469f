"""The network of the `fusion` and `mlp` rankers: modules, losses, training and pruning."""
