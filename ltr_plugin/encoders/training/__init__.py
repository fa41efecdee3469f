"""Training encoders on a shop's own products: `trainers` lists what can be trained, one file each.

Shared by all: `examples` are the products' media and captions, `batches` what is looked at together, `loss` what is
learned from it, `loop` learns for as long as the budget lasts, `holdout` says how good it got, `folder` keeps it.
Photos: `photos` trains, `architecture` is the small model, `augmentation` draws views, `cutout` finds the product.
Sounds: `sounds` trains, `sound_examples` has them as spectrograms, `sound_augmentation` hears them in other ways.
"""
