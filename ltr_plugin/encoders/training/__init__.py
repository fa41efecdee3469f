"""Training encoders on a shop's own products; `trainers` lists the kinds, one module each.

Shared by all kinds: `examples` (media and captions of products), `batches`, `loss`, `fitting` (steps until the budget
is used), `holdout` (quality on held-out items), `training_run` (one training, resumable) and `report`.
Text: `text`, and `frozen_text` of encoders that are not trained. Photos beside text: `alignment`, `heads`. The packages
`photo` and `audio` have the rest.
"""
