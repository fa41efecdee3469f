"""What encoders share: batches, padding, batch sizes, half precision, cores."""
