"""Encoders of audio, one file each."""
