"""Media of products, from reference to pixels: one file for each modality, listed in `opening.py`."""
