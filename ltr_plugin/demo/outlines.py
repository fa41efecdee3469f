"""Closed curves in the unit square (x to the right, y down), the parts of silhouettes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]
"""Corner points, shape (n, 2)."""


@dataclass(frozen=True)
class RevolvedBody:
    """A body of revolution about a vertical axis, seen slightly from above.

    `profile` holds (height y, half width) pairs from top to bottom; a circle of the body appears as an ellipse whose
    height is `tilt` times its width.
    """

    profile: tuple[tuple[float, float], ...]
    axis: float = 0.5
    tilt: float = 0.16

    @property
    def outline(self) -> Curve:
        """The visible border: back of the top circle, right side, front of the bottom circle, left side."""
        (top, wide), (bottom, narrow) = self.profile[0], self.profile[-1]
        sides = smooth([(self.axis + half, y) for y, half in self.profile], closed=False)
        back = ellipse(self.axis, top, wide, wide * self.tilt, start=180, end=360)
        front = ellipse(self.axis, bottom, narrow, narrow * self.tilt, start=0, end=180)
        left = sides[::-1] * (-1, 1) + (2 * self.axis, 0)
        return np.concatenate([back, sides, front, left])

    def mouth(self, shrink: float = 0.9) -> Curve:
        """The opening: the top circle, made smaller by the thickness of the wall."""
        y, half = self.profile[0]
        return ellipse(self.axis, y, half * shrink, half * self.tilt * shrink)

    def half_width(self, heights: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Half width of the body at each height, by the same smooth curve as the outline."""
        fine = smooth(self.profile, closed=False)
        halves: NDArray[np.float32] = np.interp(heights, fine[:, 0], fine[:, 1]).astype(np.float32)
        return halves


@dataclass(frozen=True)
class Part:
    """One part of a silhouette; parts are painted in order, the farthest first.

    `paint` names a colour of the product (`main` carries the pattern). A part with a `body` is shaded as a body of
    revolution, any other as if inflated, with an edge of width `puff` (0 for flat). `rumple` adds folds, as in cloth.
    """

    outline: Curve
    paint: str = "main"
    body: RevolvedBody | None = None
    puff: float = 0.03
    rumple: float = 0.0
    holes: tuple[Curve, ...] = ()

    @classmethod
    def revolved(cls, body: RevolvedBody, paint: str = "main") -> "Part":
        """The part that shows a body of revolution."""
        return cls(body.outline, paint, body=body)


def ellipse(x: float, y: float, rx: float, ry: float | None = None, *, start: float = 0, end: float = 360) -> Curve:
    """Points of an ellipse between two angles in degrees, clockwise from the right as y grows downwards."""
    angle = np.radians(np.linspace(start, end, 48))
    return np.stack([x + rx * np.cos(angle), y + (rx if ry is None else ry) * np.sin(angle)], axis=1)


def box(x0: float, y0: float, x1: float, y1: float, radius: float = 0.02) -> Curve:
    """A rectangle with rounded corners."""
    corners = [(x1, y1, 0), (x0, y1, 90), (x0, y0, 180), (x1, y0, 270)]
    arcs = []
    for x, y, turn in corners:
        inwards_x, inwards_y = (-radius if x == x1 else radius), (-radius if y == y1 else radius)
        arcs.append(ellipse(x + inwards_x, y + inwards_y, radius, start=turn, end=turn + 90)[::4])
    return np.concatenate(arcs)


def smooth(points: Sequence[tuple[float, float]], *, closed: bool = True) -> Curve:
    """A Catmull-Rom curve through the points, eight steps from each to the next."""
    given = np.asarray(points, dtype=np.float64)
    ends = (given[-1:], given[:2]) if closed else (given[:1], given[-1:])
    padded = np.concatenate([ends[0], given, ends[1]])
    before, here, after, beyond = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    step = np.linspace(0, 1, 8, endpoint=False)[:, None, None]
    curve = here + 0.5 * step * (
        after
        - before
        + step * (2 * before - 5 * here + 4 * after - beyond + step * (3 * (here - after) + beyond - before))
    )
    flat = curve.transpose(1, 0, 2).reshape(-1, 2)
    return flat if closed else np.concatenate([flat, given[-1:]])


def tube(points: Sequence[tuple[float, float]], width: float, end_width: float | None = None) -> Curve:
    """The border of a smooth line drawn with a pen whose width goes from `width` to `end_width`."""
    line = smooth(points, closed=False)
    along = np.gradient(line, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    half = np.linspace(width, width if end_width is None else end_width, len(line))[:, None] / 2
    return np.concatenate([line + across * half, (line - across * half)[::-1]])


def mirrored(curve: Curve, axis: float = 0.5) -> Curve:
    """The curve on the other side of a vertical axis."""
    return curve * (-1, 1) + (2 * axis, 0)


def rotated(curve: Curve, degrees: float, x: float = 0.5, y: float = 0.5) -> Curve:
    """The curve turned clockwise about a point."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    moved: Curve = (curve - (x, y)) @ turn + (x, y)
    return moved
