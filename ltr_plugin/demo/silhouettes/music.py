"""Headphones and guitars."""

import numpy as np

from ltr_plugin.demo.outlines import Curve, Part, box, ellipse, mirrored, rotated, smooth, tube


def _cup(x: float, y: float, rx: float, ry: float, lean: float) -> list[Part]:
    def leaning(shrink: float) -> Curve:
        return rotated(ellipse(x, y, rx * shrink, ry * shrink), lean, x, y)

    cushion = rotated(ellipse(x + (0.05 if x < 0.5 else -0.05), y, rx * 0.75, ry * 0.95), lean, x, y)
    return [Part(cushion, "dark", puff=0.03), Part(leaning(1), puff=0.045), Part(leaning(0.45), "second", puff=0.02)]


def _headphones(height: float, rx: float, ry: float) -> list[Part]:
    arc = [(0.5 - 0.33 * np.cos(turn), 0.5 - height * np.sin(turn)) for turn in np.linspace(0.0, np.pi, 9)]
    band = tube([(float(x), float(y)) for x, y in arc], 0.055)
    padding = tube([(float(x), float(y) + 0.035) for x, y in arc[2:-2]], 0.05)
    arms = [tube([(x, 0.46), (x, 0.62)], 0.03) for x in (0.17, 0.83)]
    return [
        Part(padding, "dark", puff=0.015),
        Part(band, puff=0.018),
        *(Part(arm, "metal", puff=0.008) for arm in arms),
        *_cup(0.22, 0.64, rx, ry, 8),
        *_cup(0.78, 0.64, rx, ry, -8),
    ]


def over_ear_headphones() -> list[Part]:
    """Headphones with large cups around the ears."""
    return _headphones(0.37, 0.13, 0.19)


def on_ear_headphones() -> list[Part]:
    """Light headphones with small round pads."""
    return _headphones(0.33, 0.105, 0.11)


def gaming_headset() -> list[Part]:
    """Headphones with a microphone on an arm."""
    boom = tube([(0.24, 0.76), (0.3, 0.88), (0.5, 0.9)], 0.024)
    return [
        *_headphones(0.37, 0.13, 0.19),
        Part(boom, "dark", puff=0.01),
        Part(ellipse(0.53, 0.9, 0.05, 0.03), "dark", puff=0.015),
    ]


def _instrument(body: list[Part], *, bridge: float, head: float, neck: float, strings: int) -> list[Part]:
    fingerboard = tube([(0.5, 0.6), (0.5, head)], 0.07, 0.055)
    frets = [
        Part(box(0.47, y, 0.53, y + 0.005, 0.002), "metal", puff=0) for y in np.linspace(head + 0.03, neck, 8).tolist()
    ]
    nut = smooth(
        [(0.465, head + 0.01), (0.455, head - 0.1), (0.5, head - 0.12), (0.545, head - 0.1), (0.535, head + 0.01)]
    )
    pegs = [
        Part(ellipse(0.5 + side * 0.065, head - y, 0.018, 0.012), "light", puff=0.006)
        for y in (0.025, 0.06, 0.09)
        for side in (-1, 1)
    ]
    lines = [
        Part(tube([(float(x), head), (float(0.5 + (x - 0.5) * 1.3), bridge)], 0.0045), "light", puff=0)
        for x in np.linspace(0.482, 0.518, strings)
    ]
    parts = [*body, Part(fingerboard, "dark", puff=0.012), *frets, *pegs, Part(nut, "trim", puff=0.012), *lines]
    return [_leaning(part) for part in parts]


def _leaning(part: Part) -> Part:
    return Part(
        rotated(part.outline, 14),
        part.paint,
        None,
        part.puff,
        part.rumple,
        tuple(rotated(hole, 14) for hole in part.holes),
    )


def _waisted(shoulder: float, waist: float, hip: float, top: float, bottom: float) -> Curve:
    span = bottom - top
    right = [
        (0.5, top),
        (0.5 + shoulder * 0.8, top + span * 0.06),
        (0.5 + shoulder, top + span * 0.22),
        (0.5 + waist, top + span * 0.43),
        (0.5 + hip, top + span * 0.7),
        (0.5 + hip * 0.75, top + span * 0.94),
        (0.5, bottom),
    ]
    half = smooth(right, closed=False)
    return np.concatenate([half, mirrored(half)[::-1]])


def acoustic_guitar() -> list[Part]:
    """A guitar with a sound hole."""
    body = [
        Part(_waisted(0.185, 0.145, 0.245, 0.44, 0.95), "second", puff=0.012),
        Part(_waisted(0.175, 0.135, 0.235, 0.45, 0.94), puff=0.018),
        Part(ellipse(0.5, 0.63, 0.075), "second", puff=0.006),
        Part(ellipse(0.5, 0.63, 0.06), "dark", puff=0.006),
        Part(box(0.42, 0.8, 0.58, 0.825, 0.008), "dark", puff=0.008),
    ]
    return _instrument(body, bridge=0.81, head=0.16, neck=0.46, strings=4)


def ukulele() -> list[Part]:
    """A small guitar with four strings and a wide neck."""
    body = [
        Part(_waisted(0.17, 0.15, 0.215, 0.42, 0.82), "second", puff=0.012),
        Part(_waisted(0.16, 0.14, 0.205, 0.43, 0.81), puff=0.03),
        Part(ellipse(0.5, 0.56, 0.055), "dark", puff=0.006),
        Part(box(0.44, 0.7, 0.56, 0.722, 0.008), "dark", puff=0.008),
    ]
    return _instrument(body, bridge=0.71, head=0.24, neck=0.44, strings=4)


def electric_guitar() -> list[Part]:
    """A solid guitar with two horns, pick-ups and knobs."""
    shape = smooth(
        [
            (0.46, 0.54),
            (0.38, 0.5),
            (0.31, 0.44),
            (0.28, 0.5),
            (0.31, 0.6),
            (0.34, 0.67),
            (0.29, 0.78),
            (0.32, 0.9),
            (0.45, 0.95),
            (0.6, 0.94),
            (0.7, 0.86),
            (0.7, 0.75),
            (0.65, 0.66),
            (0.68, 0.57),
            (0.67, 0.51),
            (0.6, 0.54),
            (0.54, 0.57),
        ]
    )
    plate = smooth([(0.53, 0.58), (0.61, 0.57), (0.62, 0.66), (0.66, 0.78), (0.6, 0.84), (0.53, 0.82)])
    body = [
        Part(shape, puff=0.035),
        Part(plate, "light", puff=0.006),
        *(Part(box(0.445, y, 0.555, y + 0.035, 0.01), "dark", puff=0.008) for y in (0.65, 0.74)),
        Part(box(0.45, 0.83, 0.55, 0.86, 0.01), "metal", puff=0.01),
        *(Part(ellipse(x, y, 0.02), "metal", puff=0.01) for x, y in ((0.62, 0.8), (0.58, 0.88))),
    ]
    return _instrument(body, bridge=0.84, head=0.15, neck=0.54, strings=6)
