"""The network of the fusion and MLP rankers: its form, training, losses and pruning."""
