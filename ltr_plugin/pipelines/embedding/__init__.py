"""Vectors of products made in batches: what workers do, and what fills a vector field of a shop's own index."""
