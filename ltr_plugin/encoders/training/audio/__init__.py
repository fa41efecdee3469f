"""Training encoders of audio: `mel_cnn` with text, on `examples` (spectrograms) and their `augmentation`."""
