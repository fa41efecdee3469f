"""Training encoders on a shop's own products; `trainers` lists the kinds, one module each.

Shared by all kinds: `examples` (media and captions of products), `batches`, `loss`, `fitting` (steps until the budget
is used), `holdout` (quality on held-out items), `training_run` (one training, resumable) and `report`.
Photos: `photos`, `photo_examples`, `photo_augmentation`, `cutout` (product and backdrop), `small_clip` (a small model).
Audio: `audio`, `audio_examples` (spectrograms), `audio_augmentation`. Text: `text`. Keypoints: `visual_words`.
"""
