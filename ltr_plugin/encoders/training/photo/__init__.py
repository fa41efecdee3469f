"""Training encoders of photos: `clip` with text, `finetuning` from one of timm, `visual_words` of keypoints.

Shared: `examples` (photos in memory), `augmentation`, `cutout` (product and backdrop). `small_clip` is a small model.
"""
