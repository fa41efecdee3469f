"""Photos of a painted product: placed and tilted before a backdrop with its shadow, seen through a camera."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from ltr_plugin.demo.backdrops import CUSTOMER_BACKDROPS, studio, wall
from ltr_plugin.demo.outlines import Part
from ltr_plugin.demo.painting import CANVAS_PX, Picture, Surface, paint
from ltr_plugin.demo.patterns import Plane

PHOTO_PX = CANVAS_PX // 2
"""Side of a finished photo."""


@dataclass(frozen=True)
class Shot:
    """How one photo is taken. `size` is a fraction of the frame; `corners` are the shifts of the four corners that make
    perspective, shape (4, 2); `balance` multiplies red, green and blue; blur is in pixels of the finished photo."""

    backdrop: Callable[[int, float, np.random.Generator], Picture]
    horizon: float
    size: float
    turn_degrees: float
    place: tuple[float, float]
    corners: Plane
    light: tuple[float, float, float]
    balance: tuple[float, float, float]
    vignette: float
    blur_px: float
    noise: float
    jpeg_quality: int


def shop_shot(rng: np.random.Generator, *, stands: bool) -> Shot:
    """A clean photo as a shop takes it: nearly straight, in soft light, before paper."""
    side = -1.0 if rng.random() < 0.8 else 1.0
    return Shot(
        backdrop=studio if stands else wall,
        horizon=float(rng.uniform(0.6, 0.72)),
        size=float(rng.uniform(0.9, 1.02)),
        turn_degrees=float(rng.normal(0, 2 if stands else 5)),
        place=(float(rng.normal(0, 0.012)), float(rng.normal(0, 0.012))),
        corners=rng.uniform(-0.025, 0.025, (4, 2)).astype(np.float32),
        light=(side * float(rng.uniform(0.35, 0.7)), float(rng.uniform(-0.8, -0.5)), 0.8),
        balance=(1.0, 1.0, 1.0),
        vignette=0.04,
        blur_px=0.0,
        noise=0.006,
        jpeg_quality=88,
    )


def customer_shot(rng: np.random.Generator, *, stands: bool) -> Shot:
    """A photo from a telephone: tilted, cropped, in warm or cold light, with blur and noise, before any backdrop."""
    backdrops = CUSTOMER_BACKDROPS[stands]
    warmth, exposure = rng.normal(0, 0.06), rng.uniform(0.78, 1.08)
    return Shot(
        backdrop=backdrops[rng.integers(len(backdrops))],
        horizon=float(rng.uniform(0.45, 0.7)),
        size=float(rng.uniform(0.72, 1.18)),
        turn_degrees=float(rng.normal(0, 6 if stands else 16)),
        place=(float(rng.normal(0, 0.05)), float(rng.normal(0, 0.04))),
        corners=rng.uniform(-0.08, 0.08, (4, 2)).astype(np.float32),
        light=(float(rng.uniform(-0.9, 0.9)), float(rng.uniform(-0.9, -0.2)), 0.7),
        balance=(float(exposure * (1 + warmth)), float(exposure), float(exposure * (1 - 1.3 * warmth))),
        vignette=float(rng.uniform(0.1, 0.35)),
        blur_px=float(rng.choice((0.0, 0.5, 0.9))),
        noise=float(rng.uniform(0.012, 0.03)),
        jpeg_quality=int(rng.integers(62, 85)),
    )


def photograph(
    parts: list[Part], surface: Surface, shot: Shot, rng: np.random.Generator, *, stands: bool
) -> Image.Image:
    """The finished photo, RGB, PHOTO_PX square. What stands casts its shadow on the floor, the rest on the wall."""
    return next(photographs(parts, surface, [shot], rng, stands=stands))


def photographs(
    parts: list[Part],
    surface: Surface,
    shots: Iterable[Shot],
    rng: np.random.Generator,
    *,
    stands: bool,
    draft: bool = False,
) -> Iterator[Image.Image]:
    """Photos of one scene, as `photograph` makes them: light and backdrop are those of the first shot. A `draft` has
    rougher edges and takes half the time."""
    product, backdrop = None, None
    for shot in shots:
        if product is None or backdrop is None:
            product = Image.fromarray((paint(parts, surface, shot.light, rng) * 255).astype(np.uint8))
            product = product.reduce(2) if draft else product
            backdrop = shot.backdrop(PHOTO_PX, shot.horizon, rng)
        placed = _placed(product, shot)
        cover = placed.getchannel("A")
        shadow = _floor_shadow(cover, shot) if stands else _wall_shadow(cover, shot)
        scene = backdrop * (1 - shadow[..., None] * np.asarray((1, 0.97, 0.92), np.float32))
        photo = Image.fromarray((scene * 255).astype(np.uint8))
        photo.paste(placed, mask=cover)
        yield _developed(photo, shot, rng)


def _placed(product: Image.Image, shot: Shot) -> Image.Image:
    """The product turned, scaled, moved and seen in perspective, as RGBA of the size of the photo."""
    angle, reach = np.radians(shot.turn_degrees), 0.5 * shot.size
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * reach
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    seen = (square @ turn + 0.5 + np.asarray(shot.place) + shot.corners * shot.size) * product.width
    flat = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64) * product.width
    rows, target = [], []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        target += [u, v]
    matrix = np.linalg.solve(np.asarray(rows), np.asarray(target))
    moved = product.transform(product.size, Image.Transform.PERSPECTIVE, matrix.tolist(), Image.Resampling.BILINEAR)
    return moved.reduce(product.width // PHOTO_PX)


def _floor_shadow(cover: Image.Image, shot: Shot) -> Plane:
    """A dark line where the product touches the floor, and its silhouette laid down there, away from the light."""
    _, _, _, bottom = cover.getbbox() or (0, 0, 0, PHOTO_PX)
    base = bottom - 0.03 * PHOTO_PX
    lean = shot.light[0] * 1.5
    # Laid down: what was `d` above the base is drawn a fraction of `d` above it, moved sideways by the light's slant.
    laid = (1, -lean, lean * base, 0, 1 / 0.3, base - base / 0.3)
    touching = (1, 0, 0, 0, 1 / 0.06, base - base / 0.06)
    cast, contact = (
        cover.transform(cover.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        for matrix in (laid, touching)
    )
    return 0.2 * _soft(cast, 4.5) + 0.4 * _soft(contact, 2.5)


def _wall_shadow(cover: Image.Image, shot: Shot) -> Plane:
    right, down = round(-shot.light[0] * 7), round(-shot.light[1] * 7)
    return 0.26 * _soft(ImageChops.offset(cover, right, down), 4.5) + 0.16 * _soft(cover, 2)


def _soft(sheet: Image.Image, radius_px: float) -> Plane:
    return np.asarray(sheet.filter(ImageFilter.GaussianBlur(radius_px)), np.float32) / 255


def _developed(image: Image.Image, shot: Shot, rng: np.random.Generator) -> Image.Image:
    if shot.blur_px:
        image = image.filter(ImageFilter.GaussianBlur(shot.blur_px))
    line = np.linspace(-1, 1, PHOTO_PX, dtype=np.float32) ** 2
    falloff = 1 - shot.vignette * (line[:, None] + line[None, :]) / 2
    exposed = np.asarray(image, np.float32) / 255 * np.asarray(shot.balance, np.float32) * falloff[..., None]
    if shot.noise:
        exposed += shot.noise * rng.standard_normal(exposed.shape, dtype=np.float32)
    return Image.fromarray((np.clip(exposed, 0, 1) * 255).astype(np.uint8))
