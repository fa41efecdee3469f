"""Backdrops: studio paper for the shop's own photos, rooms and tables for customers' photos."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from ltr_plugin.demo.painting import Colour, Picture
from ltr_plugin.demo.patterns import Plane

STUDIO_PAPERS: tuple[Colour, ...] = (
    (0.955, 0.95, 0.94),
    (0.93, 0.94, 0.95),
    (0.96, 0.92, 0.86),
    (0.87, 0.92, 0.93),
    (0.90, 0.93, 0.87),
    (0.95, 0.89, 0.88),
    (0.90, 0.88, 0.94),
)


def noise(size: int, cells: tuple[int, int], rng: np.random.Generator) -> Plane:
    """Smooth noise, mean about 0 and deviation about 1, with `cells` (down, across) bumps over the picture."""
    coarse = Image.fromarray(rng.standard_normal(cells, dtype=np.float32))
    return np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC), np.float32)


def studio(size: int, horizon: float, rng: np.random.Generator) -> Picture:
    """Paper that bends softly from wall to floor at `horizon` (a fraction of the height), brightest at the lamp."""
    paper = np.asarray(STUDIO_PAPERS[rng.integers(len(STUDIO_PAPERS))], np.float32)
    y, x = _grid(size)
    spot = np.exp(-((x - rng.uniform(0.3, 0.6)) ** 2 + (y - rng.uniform(0.25, 0.5)) ** 2) / 0.3)
    bend = 1 / (1 + np.exp(-(y - horizon) * 22))
    return _tinted(paper, 0.94 + 0.1 * spot - 0.045 * bend)


def wall(size: int, _: float, rng: np.random.Generator) -> Picture:
    """A painted wall for things that hang or lie flat."""
    paper = np.asarray(STUDIO_PAPERS[rng.integers(len(STUDIO_PAPERS))], np.float32)
    y, x = _grid(size)
    return _tinted(paper, 1.0 - 0.1 * (x * rng.uniform(-1, 1) + y * 0.8) + 0.004 * noise(size, (40, 40), rng))


def planks(size: int, _: float, rng: np.random.Generator) -> Picture:
    """Wooden boards seen from above."""
    y, x = _grid(size)
    across = (x if rng.random() < 0.5 else y) * rng.uniform(3, 6)
    grain = noise(size, (4, 70), rng) if rng.random() < 0.5 else noise(size, (70, 4), rng)
    board = np.floor(across)
    tone = 0.82 + 0.07 * np.sin(board * 12.9898) + 0.045 * grain - 0.25 * (across - board < 0.035)
    wood = np.asarray(((0.75, 0.57, 0.4), (0.52, 0.37, 0.26), (0.83, 0.72, 0.58))[rng.integers(3)], np.float32)
    return _tinted(wood, tone)


def tabletop(size: int, horizon: float, rng: np.random.Generator) -> Picture:
    """A table before a coloured wall out of focus."""
    y, _ = _grid(size)
    walls = ((0.62, 0.7, 0.66), (0.78, 0.72, 0.66), (0.5, 0.56, 0.64), (0.75, 0.62, 0.58), (0.83, 0.83, 0.8))
    back = _tinted(np.asarray(walls[rng.integers(len(walls))], np.float32), 0.9 + 0.1 * noise(size, (4, 4), rng))
    table = planks(size, horizon, rng)
    edge = np.clip((y - horizon) * 45, 0, 1)[..., None]
    both: Picture = back * (1 - edge) + table * edge
    return both


def tiles(size: int, _: float, rng: np.random.Generator) -> Picture:
    """Square tiles with joints."""
    y, x = _grid(size)
    count = rng.uniform(3, 6)
    joint = np.minimum(x * count % 1, y * count % 1) < 0.04
    shade = 0.9 + 0.03 * np.sin(np.floor(x * count) * 7.1 + np.floor(y * count) * 3.7) - 0.13 * joint
    tile = np.asarray(((0.86, 0.88, 0.88), (0.66, 0.72, 0.74), (0.8, 0.74, 0.68))[rng.integers(3)], np.float32)
    return _tinted(tile, shade + 0.03 * noise(size, (6, 6), rng))


def cloth(size: int, _: float, rng: np.random.Generator) -> Picture:
    """A rumpled sheet."""
    height = noise(size, (4, 5), rng) + 0.25 * noise(size, (11, 9), rng)
    sheet = np.asarray(((0.86, 0.84, 0.8), (0.56, 0.58, 0.62), (0.72, 0.66, 0.6))[rng.integers(3)], np.float32)
    return _tinted(sheet, 0.92 + 1.2 * (np.gradient(height, axis=0) + np.gradient(height, axis=1)))


def lawn(size: int, _: float, rng: np.random.Generator) -> Picture:
    """Grass."""
    blades = 0.6 * noise(size, (110, 60), rng) + 0.4 * noise(size, (24, 24), rng) + 0.4 * noise(size, (5, 5), rng)
    return _tinted(np.asarray((0.42, 0.56, 0.28), np.float32), 0.9 + 0.13 * blades)


CUSTOMER_BACKDROPS: dict[bool, tuple[Callable[[int, float, np.random.Generator], Picture], ...]] = {
    True: (tabletop, tabletop, tabletop, studio),
    False: (planks, cloth, tiles, wall, lawn),
}
"""Backdrops of customers' photos, for things that stand (True) and for things that hang or lie (False)."""


def _grid(size: int) -> tuple[Plane, Plane]:
    line = (np.arange(size, dtype=np.float32) + 0.5) / size
    y, x = np.meshgrid(line, line, indexing="ij")
    return y, x


def _tinted(colour: Plane, shade: Plane) -> Picture:
    tinted: Picture = np.clip(colour * shade[..., None], 0, 1)
    return tinted
