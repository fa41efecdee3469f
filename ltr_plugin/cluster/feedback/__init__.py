"""Feedback of shoppers in the cluster."""
