"""Random views of photos, whole batches at once: framing, tilt, mirroring, light and colour."""

import torch
from torch.nn.functional import affine_grid, grid_sample


def augment(photos: torch.Tensor, size: int, generator: torch.Generator) -> torch.Tensor:
    """(n, 3, size, size) float32 in 0..1: one random view of each photo of (n, 3, height, width) uint8.

    Colour moves little, since it is often what tells two products apart.
    """
    views = photos.float() / 255
    grid = affine_grid(_framing(len(views), generator), [len(views), 3, size, size], align_corners=False)
    return _light(grid_sample(views, grid, padding_mode="reflection", align_corners=False), generator)


def _framing(count: int, generator: torch.Generator) -> torch.Tensor:
    """(count, 2, 3) affine maps from the view's coordinates to the photo's."""
    area, aspect = _between(0.3, 1.2, count, generator), _between(-0.25, 0.25, count, generator).exp()
    width, height = (area * aspect).sqrt(), (area / aspect).sqrt()
    tilt = _between(-0.25, 0.25, count, generator)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    x, y = (_between(-1, 1, count, generator) * (1 - side).abs().clamp(max=0.6) for side in (width, height))
    rows = [width * mirror * tilt.cos(), -height * tilt.sin(), x, width * mirror * tilt.sin(), height * tilt.cos(), y]
    return torch.stack(rows, dim=1).view(count, 2, 3)


def _light(views: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    count = len(views)
    grey = views.mean(dim=1, keepdim=True)
    views = grey + (views - grey) * _per_photo(0.75, 1.25, count, generator)
    mean = grey.mean(dim=(2, 3), keepdim=True)
    views = mean + (views - mean) * _per_photo(0.7, 1.3, count, generator)
    tint = _between(0.92, 1.08, count * 3, generator).view(count, 3, 1, 1)
    return (views * tint * _per_photo(0.7, 1.3, count, generator)).clamp(0, 1)


def _per_photo(low: float, high: float, count: int, generator: torch.Generator) -> torch.Tensor:
    return _between(low, high, count, generator).view(count, 1, 1, 1)


def _between(low: float, high: float, count: int, generator: torch.Generator) -> torch.Tensor:
    return low + (high - low) * torch.rand(count, generator=generator)
