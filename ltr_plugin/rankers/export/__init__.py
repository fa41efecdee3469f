"""Models in the forms that the cluster's plugin scores, and the comparison of its scores with local ones."""
