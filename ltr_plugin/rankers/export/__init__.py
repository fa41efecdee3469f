"""Rankers in the forms that the plugin scores, and the check that its scores equal the local ones."""
