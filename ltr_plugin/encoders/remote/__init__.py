"""Text encoders that run elsewhere, called by HTTP."""
