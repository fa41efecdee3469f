"""Parts of an evaluation: slices of the queries, times of searches, and what is known of the rankers."""
