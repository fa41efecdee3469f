"""What the training of every ranker shares: rows by query, folds, early stopping, distillation."""
