"""Training an encoder on a shop's own photos: `train.py` runs it, the other files are its parts.

`examples` reads photos and captions, `cutout` finds the product on them, `augmentation` draws views, `batches` what is
looked at together, `loss` what is learned from it, `holdout` how good it got; `architecture` is the small model.
"""

from workers.training.train import Budget, TrainingReport, train_encoder

__all__ = ["Budget", "TrainingReport", "train_encoder"]
