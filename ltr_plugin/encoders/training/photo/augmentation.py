"""Random augmentation of photos, for whole batches: framing, tilt, mirroring, another backdrop, light and colour."""

import torch
from torch.nn.functional import affine_grid, grid_sample, interpolate

from ltr_plugin.encoders.training.random_tensors import normal, uniform


def augment(photos: torch.Tensor, cutouts: torch.Tensor, size: int, generator: torch.Generator) -> torch.Tensor:
    """float32 (n, 3, size, size) from 0 to 1: one random view of each photo.

    `photos` is uint8 (n, 3, height, width); `cutouts`, uint8 (n, height, width), is 1 on the product and 0 on a uniform
    backdrop, which is replaced by another one, as in a shopper's photo. Colour changes little, because it often
    distinguishes products.
    """
    layers = torch.cat([photos, cutouts[:, None]], dim=1).float()
    has_backdrop = cutouts.flatten(1).amin(dim=1) == 0
    grid = affine_grid(_framing(has_backdrop, generator), [len(photos), 4, size, size], align_corners=False)
    layers = grid_sample(layers, grid, padding_mode="border", align_corners=False)
    views, cutout = layers[:, :3] / 255, layers[:, 3:]
    keep_backdrop = uniform(0, 1, len(views), 1, 1, 1, generator=generator) < 0.3
    cutout = torch.where(keep_backdrop, torch.ones_like(cutout), cutout)
    return _light(views * cutout + _backdrops(len(views), size, generator) * (1 - cutout), generator)


def _framing(has_backdrop: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """float32 (n, 2, 3): affine maps from coordinates of the view to the photo; a view may be larger than the photo."""
    count = len(has_backdrop)
    widest = torch.where(has_backdrop, 2.0, 1.1)
    area = 0.35 + (widest - 0.35) * uniform(0, 1, count, generator=generator)
    aspect = uniform(-0.2, 0.2, count, generator=generator).exp()
    width, height = (area * aspect).sqrt(), (area / aspect).sqrt()
    tilt = uniform(-0.3, 0.3, count, generator=generator)
    mirror = torch.where(uniform(0, 1, count, generator=generator) < 0.5, -1.0, 1.0)
    x, y = (uniform(-1, 1, count, generator=generator) * (1 - side).abs().clamp(max=0.5) for side in (width, height))
    rows = [width * mirror * tilt.cos(), -height * tilt.sin(), x, width * mirror * tilt.sin(), height * tilt.cos(), y]
    return torch.stack(rows, dim=1).view(count, 2, 3)


def _backdrops(count: int, size: int, generator: torch.Generator) -> torch.Tensor:
    """float32 (count, 3, size, size): a colour, a gradient over the view, and a grain of one size for all."""
    colour = uniform(0, 1, count, 3, 1, 1, generator=generator)
    grey = colour.mean(dim=1, keepdim=True)
    drift = 0.3 * normal(count, 1, 2, 2, generator=generator)
    cells = 2 ** int(torch.randint(2, 6, (1,), generator=generator, device=generator.device))
    grain = 0.1 * normal(count, 1, cells, cells, generator=generator)
    field = sum(interpolate(part, size=(size, size), mode="bilinear") for part in (drift, grain))
    return (grey + (colour - grey) * 0.6 + field).clamp(0, 1)


def _light(views: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    count = len(views)
    grey = views.mean(dim=1, keepdim=True)
    views = grey + (views - grey) * _per_photo(0.75, 1.2, count, generator)
    mean = grey.mean(dim=(2, 3), keepdim=True)
    views = mean + (views - mean) * _per_photo(0.7, 1.2, count, generator)
    tint = uniform(0.93, 1.07, count, 3, 1, 1, generator=generator)
    return (views * tint * _per_photo(0.65, 1.2, count, generator)).clamp(0, 1)


def _per_photo(low: float, high: float, count: int, generator: torch.Generator) -> torch.Tensor:
    return uniform(low, high, count, 1, 1, 1, generator=generator)
