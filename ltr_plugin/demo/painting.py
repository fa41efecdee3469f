"""Painting of silhouettes: pattern, shading, gloss and the small shadows that parts cast on each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ltr_plugin.demo.outlines import Part
from ltr_plugin.demo.patterns import PATTERNS, Plane

CANVAS_PX = 352
"""Side of the square on which a product is painted: twice the side of the finished photo."""

Colour = tuple[float, float, float]
Picture = NDArray[np.floating[Any]]
"""Shape (height, width, 3) or, with its coverage, (height, width, 4); values from 0 to 1."""
Normal = tuple[Plane, Plane, Plane]
"""Unit vectors, by component: right, down, to the viewer."""


@dataclass(frozen=True)
class Surface:
    """What a product's surface looks like. `colours` has `main`, `second`, `third` and the colours that parts name.

    `repeat` is the size of the pattern, `turn` its direction in degrees; `gloss` and `grain` go from 0 to 1.
    """

    colours: Mapping[str, Colour]
    pattern: str = "plain"
    repeat: float = 0.12
    turn: float = 0.0
    gloss: float = 0.3
    grain: float = 0.0


def paint(parts: Sequence[Part], surface: Surface, light: Colour, rng: np.random.Generator) -> Picture:
    """The product alone, (CANVAS_PX, CANVAS_PX, 4) float32, lit from `light` (x right, y down, z to the viewer)."""
    canvas = np.zeros((CANVAS_PX, CANVAS_PX, 4), np.float32)
    direction = np.asarray(light, np.float32) / np.float32(np.linalg.norm(light))
    for part in parts:
        _paint_part(canvas, part, surface, direction, rng)
    return canvas


def _paint_part(canvas: Picture, part: Part, surface: Surface, light: Plane, rng: np.random.Generator) -> None:
    margin = 10
    low = np.floor(part.outline.min(axis=0) * CANVAS_PX).astype(int) - margin
    high = np.ceil(part.outline.max(axis=0) * CANVAS_PX).astype(int) + margin
    (x0, y0), (x1, y1) = np.clip(low, 0, CANVAS_PX - 1), np.clip(high, 1, CANVAS_PX)
    mask = _mask(part, x0, y0, x1, y1)
    below = canvas[y0:y1, x0:x1]
    x, y = np.meshgrid(
        (np.arange(x0, x1, dtype=np.float32) + 0.5) / CANVAS_PX, (np.arange(y0, y1, dtype=np.float32) + 0.5) / CANVAS_PX
    )
    across, down, normal = _turned_surface(part, x, y) if part.body else _puffed_surface(part, mask, x, y, rng)
    shade = 0.52 + 0.62 * np.clip(_along(normal, light), 0, 1)
    half_way = light + np.array([0, 0, 1], np.float32)
    shine = np.clip(_along(normal, half_way / np.linalg.norm(half_way)), 0, 1)
    for _ in range(5):  # Blinn-Phong with exponent 32, without the cost of a power
        shine *= shine
    if part.paint == "glow":
        shade = 0.9 + 0.25 * shade
    colour = _colour(part, surface, across, down)
    if surface.grain and part.paint in {"main", "second"}:
        shade = shade * (1 + surface.grain * 0.14 * rng.standard_normal(mask.shape, dtype=np.float32))
    lit = colour * shade[..., None] + (0.75 * surface.gloss * shine)[..., None]

    if below[..., 3].any():
        shadow = _blurred(np.roll(mask, (4, 3 if light[0] < 0 else -3), axis=(0, 1)), 5) * 0.35
        below[..., :3] *= 1 - (shadow * below[..., 3])[..., None]
    below[..., :3] += (np.clip(lit, 0, 1) - below[..., :3]) * mask[..., None]
    below[..., 3] = np.maximum(below[..., 3], mask)


def _along(normal: Normal, direction: Plane) -> Plane:
    x, y, z = normal
    return np.asarray(x * direction[0] + y * direction[1] + z * direction[2], np.float32)


def _mask(part: Part, x0: int, y0: int, x1: int, y1: int) -> Plane:
    """Coverage of the part by pixel, from a drawing of twice the resolution."""
    sheet = Image.new("L", ((x1 - x0) * 2, (y1 - y0) * 2))
    draw = ImageDraw.Draw(sheet)
    for curve, value in [(part.outline, 255), *((hole, 0) for hole in part.holes)]:
        draw.polygon([tuple(point) for point in (curve * CANVAS_PX - (x0, y0)) * 2], fill=value)
    return np.asarray(sheet.reduce(2), np.float32) / 255


def _turned_surface(part: Part, x: Plane, y: Plane) -> tuple[Plane, Plane, Normal]:
    """Position on the mantle and normal of a body of revolution. A point of the circle at height h appears lower the
    nearer it is to the viewer; two rounds of substitution approximate h well enough."""
    body = part.body
    assert body is not None  # noqa: S101 - the caller has checked
    height = y
    for _ in range(2):
        half = np.maximum(body.half_width(height), 1e-3)
        aside = np.clip((x - body.axis) / half, -1, 1)
        outwards = np.sqrt(1 - aside**2)
        height = y - body.tilt * half * outwards
    slope = np.gradient(half, axis=0) * CANVAS_PX
    widest = max(half for _, half in body.profile)
    return np.arcsin(aside) * widest, height, _unit(aside, -np.clip(slope, -1.5, 1.5) * outwards - 0.1, outwards)


def _puffed_surface(
    part: Part, mask: Plane, x: Plane, y: Plane, rng: np.random.Generator
) -> tuple[Plane, Plane, Normal]:
    """Position and normal of an inflated part: its height is its blurred outline, plus folds."""
    height = np.sqrt(_blurred(mask, part.puff * CANVAS_PX)) * part.puff if part.puff else np.zeros_like(mask)
    if part.rumple:
        height = height + part.rumple * _folds(mask.shape, rng)
    down: Plane = np.gradient(height, axis=0) * CANVAS_PX
    right: Plane = np.gradient(height, axis=1) * CANVAS_PX
    bend = np.float32(2.2)
    return x - 0.5 + right * 0.02, y + down * 0.02, _unit(-right * bend, -down * bend, np.ones_like(mask))


def _unit(x: Plane, y: Plane, z: Plane) -> Normal:
    length = np.sqrt(x * x + y * y + z * z)
    return x / length, y / length, z / length


def _folds(shape: tuple[int, ...], rng: np.random.Generator) -> Plane:
    coarse = Image.fromarray(rng.standard_normal((5, 7), dtype=np.float32))
    return np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), np.float32)


def _colour(part: Part, surface: Surface, across: Plane, down: Plane) -> Picture:
    base = np.asarray(surface.colours[part.paint], np.float32)
    if part.paint != "main" or surface.pattern == "plain":
        return np.broadcast_to(base, (*across.shape, 3))
    angle = np.radians(surface.turn)
    u = (across * np.cos(angle) + down * np.sin(angle)) / surface.repeat
    v = (down * np.cos(angle) - across * np.sin(angle)) / surface.repeat
    second, third = PATTERNS[surface.pattern](u.astype(np.float32), v.astype(np.float32))
    colour = base + second[..., None] * (np.asarray(surface.colours["second"], np.float32) - base)
    mixed: Picture = colour + third[..., None] * (np.asarray(surface.colours["third"], np.float32) - colour)
    return mixed


def _blurred(plane: Plane, radius_px: float) -> Plane:
    image = Image.fromarray((plane * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius_px))
    return np.asarray(image, np.float32) / 255
