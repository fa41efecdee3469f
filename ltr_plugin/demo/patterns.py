"""Patterns as coverage: the fraction of the second and third colour at each point of a surface."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating[Any]]
Coverage = tuple[Plane, Plane]
"""Shares from 0 to 1 of the second colour and, above it, of the third; shaped like the surface."""


def _edge(distance: Plane, softness: float = 0.06) -> Plane:
    """1 inside (negative distance), 0 outside, with a soft border."""
    inside: Plane = np.clip(0.5 - distance / softness, 0, 1)
    return inside


def _nothing(u: Plane) -> Plane:
    return np.zeros_like(u)


def _wave(t: Plane) -> Plane:
    """A triangle wave of period 1 between 0 and 1."""
    return np.abs((t % 1) * 2 - 1)


def _cells(u: Plane, v: Plane) -> tuple[Plane, Plane]:
    """Offsets from the centre of the nearest cell, in a brick-like layout, each from -0.5 to 0.5."""
    row = np.floor(v)
    return (u + 0.5 * (row % 2)) % 1 - 0.5, v % 1 - 0.5


def _plain(u: Plane, _: Plane) -> Coverage:
    return _nothing(u), _nothing(u)


def _striped(_: Plane, v: Plane) -> Coverage:
    return _edge(np.abs(v % 1 - 0.5) - 0.25), _nothing(v)


def _dotted(u: Plane, v: Plane) -> Coverage:
    x, y = _cells(u, v)
    return _edge(np.hypot(x, y) - 0.27), _nothing(u)


def _checked(u: Plane, v: Plane) -> Coverage:
    across, down = _edge(np.abs(u % 1 - 0.5) - 0.25), _edge(np.abs(v % 1 - 0.5) - 0.25)
    return (across + down) / 2, _nothing(u)


def _zigzag(u: Plane, v: Plane) -> Coverage:
    return _edge(np.abs((v + 0.55 * _wave(u)) % 1 - 0.5) - 0.22), _nothing(u)


def _floral(u: Plane, v: Plane) -> Coverage:
    x, y = _cells(u * 0.8, v * 0.8)
    radius, angle = np.hypot(x, y), np.arctan2(y, x) + np.floor(v * 0.8)
    petals = _edge(radius - 0.27 - 0.13 * np.cos(5 * angle))
    return petals, _edge(radius - 0.11)


def _starry(u: Plane, v: Plane) -> Coverage:
    x, y = _cells(u * 0.9, v * 0.9)
    point = _wave(np.arctan2(x, -y) * 5 / (2 * np.pi))
    return _edge(np.hypot(x, y) - 0.16 - 0.24 * point**1.6), _nothing(u)


def _diamond(u: Plane, v: Plane) -> Coverage:
    x, y = u * 0.8 % 1 - 0.5, v * 0.6 % 1 - 0.5
    lines = np.abs(np.abs(x) - np.abs(y))
    return _edge(np.abs(x) + np.abs(y) - 0.36), _edge(lines - 0.02, 0.04) * 0.8


PATTERNS: dict[str, Callable[[Plane, Plane], Coverage]] = {
    "plain": _plain,
    "striped": _striped,
    "dotted": _dotted,
    "checked": _checked,
    "zigzag": _zigzag,
    "floral": _floral,
    "starry": _starry,
    "diamond": _diamond,
}
"""From the place on the surface (u to the right, v down, one unit a repeat) to the coverage there."""
