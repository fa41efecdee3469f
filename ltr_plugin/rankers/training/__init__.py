"""What the training of every ranker shares: rows grouped by query, folds, early stopping, common settings."""
