"""Contrastive losses with several positives for an item (Khosla et al. 2020, https://arxiv.org/abs/2004.11362)."""

import torch
from torch.nn.functional import log_softmax

from ltr_plugin.encoders.training.batches import Batch


def batch_loss(
    items: torch.Tensor, texts: torch.Tensor, batch: Batch, log_scale: torch.Tensor, item_scale: float
) -> torch.Tensor:
    """The loss of a batch's items with its captions, and of its items with each other.

    `items` (n, d) and `texts` (m, d) are unit vectors. `log_scale` is the log of `learned_scale`; `item_scale` is
    the inverse temperature between items.
    """
    shows, positive = (shown.to(items.device) for shown in (batch.shows, batch.caption_positives))
    same = (shows.float() @ shows.float().T) > 0
    return item_text_loss(items, texts, positive, learned_scale(log_scale)) + same_product_loss(items, same, item_scale)


def learned_scale(log_scale: torch.Tensor) -> torch.Tensor:
    """The inverse temperature between items and texts, at most 100, as in CLIP."""
    return log_scale.exp().clamp(max=100)


def contrastive(similarities: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy of each row's softmax against its positives, equally weighted; rows without any are left out.

    `similarities` (n, m) are divided by the temperature, `positive` (n, m) is bool. A similarity of minus infinity
    leaves a pair out. 0 when no row has a positive.
    """
    rows = positive.any(dim=1)
    if not rows.any():
        return similarities.new_zeros(())
    logs = log_softmax(similarities[rows].float(), dim=1).masked_fill(~positive[rows], 0)
    return -(logs.sum(dim=1) / positive[rows].sum(dim=1)).mean()


def item_text_loss(
    items: torch.Tensor, texts: torch.Tensor, positive: torch.Tensor, scale: torch.Tensor
) -> torch.Tensor:
    """CLIP's loss in both directions. `items` (n, d) and `texts` (m, d) are unit vectors, `positive` (n, m) is bool."""
    similarities = scale * items @ texts.T
    return (contrastive(similarities, positive) + contrastive(similarities.T, positive.T)) / 2


def same_product_loss(items: torch.Tensor, positive: torch.Tensor, scale: float) -> torch.Tensor:
    """The loss of items (n, d) and `positive` (n, n), items of the same product; an item is not its own positive."""
    itself = torch.eye(len(items), dtype=torch.bool, device=items.device)
    similarities = (scale * items @ items.T).masked_fill(itself, float("-inf"))
    return contrastive(similarities, positive & ~itself)
