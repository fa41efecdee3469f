"""Lamps, chairs, clocks, cushions and rugs."""

import numpy as np

from ltr_plugin.demo.outlines import Curve, Part, RevolvedBody, box, ellipse, mirrored, rotated, smooth, tube


def cone_lamp() -> list[Part]:
    """A table lamp with a conical shade on a turned foot."""
    return [
        Part.revolved(
            RevolvedBody(
                ((0.5, 0.02), (0.6, 0.022), (0.68, 0.075), (0.78, 0.09), (0.84, 0.05), (0.88, 0.11)), tilt=0.2
            ),
            "trim",
        ),
        Part.revolved(RevolvedBody(((0.14, 0.1), (0.3, 0.18), (0.48, 0.265)), tilt=0.13)),
        Part(ellipse(0.5, 0.14, 0.09, 0.011), "glow", puff=0.0),
    ]


def drum_lamp() -> list[Part]:
    """A lamp with a drum shade on three legs."""
    leg = tube([(0.5, 0.46), (0.3, 0.9)], 0.03, 0.022)
    middle = tube([(0.5, 0.46), (0.52, 0.93)], 0.03, 0.022)
    shade = RevolvedBody(((0.14, 0.23), (0.3, 0.24), (0.46, 0.25)), tilt=0.12)
    return [
        *(Part(curve, "wood", puff=0.01) for curve in (leg, mirrored(leg), middle)),
        Part.revolved(shade),
        Part(shade.mouth(0.96), "glow", puff=0.0),
    ]


def desk_lamp() -> list[Part]:
    """A jointed lamp with a bell-shaped head, for a desk."""
    head = smooth(
        [(0.5, 0.2), (0.6, 0.15), (0.66, 0.2), (0.8, 0.34), (0.83, 0.46), (0.67, 0.5), (0.52, 0.46), (0.47, 0.34)]
    )
    return [
        Part.revolved(RevolvedBody(((0.83, 0.15), (0.87, 0.16)), axis=0.4, tilt=0.25), "metal"),
        Part(tube([(0.4, 0.84), (0.24, 0.56)], 0.026), "metal", puff=0.01),
        Part(tube([(0.24, 0.56), (0.55, 0.24)], 0.026), "metal", puff=0.01),
        Part(ellipse(0.24, 0.56, 0.03), "dark", puff=0.012),
        Part(rotated(ellipse(0.69, 0.485, 0.15, 0.05), -8, 0.69, 0.485), "glow", puff=0.01),
        Part(head, puff=0.05),
    ]


def _legs(top: float, spread: float, paint: str = "wood") -> list[Part]:
    outer = tube([(0.5 - spread, top), (0.5 - spread - 0.03, 0.92)], 0.042, 0.028)
    inner = tube([(0.5 - spread + 0.09, top), (0.5 - spread + 0.08, 0.85)], 0.034, 0.024)
    return [Part(curve, paint, puff=0.01) for curve in (inner, mirrored(inner), outer, mirrored(outer))]


def dining_chair() -> list[Part]:
    """A chair with a padded back and seat."""
    post = tube([(0.3, 0.6), (0.29, 0.2)], 0.03)
    return [
        *_legs(0.6, 0.22),
        Part(post, "wood", puff=0.01),
        Part(mirrored(post), "wood", puff=0.01),
        Part(box(0.29, 0.1, 0.71, 0.44, 0.06), puff=0.035),
        Part(
            smooth(
                [
                    (0.27, 0.56),
                    (0.5, 0.54),
                    (0.73, 0.56),
                    (0.78, 0.64),
                    (0.73, 0.685),
                    (0.5, 0.695),
                    (0.27, 0.685),
                    (0.22, 0.64),
                ]
            ),
            puff=0.035,
        ),
    ]


def armchair() -> list[Part]:
    """An upholstered armchair."""
    arm = box(0.12, 0.42, 0.28, 0.82, 0.06)
    return [
        *_legs(0.78, 0.26),
        Part(
            smooth([(0.25, 0.7), (0.22, 0.3), (0.3, 0.14), (0.5, 0.11), (0.7, 0.14), (0.78, 0.3), (0.75, 0.7)]),
            puff=0.05,
        ),
        Part(box(0.2, 0.66, 0.8, 0.83, 0.03), puff=0.03),
        Part(box(0.25, 0.55, 0.75, 0.69, 0.05), puff=0.04),
        Part(arm, puff=0.045),
        Part(mirrored(arm), puff=0.045),
    ]


def stool() -> list[Part]:
    """A round stool with a foot ring."""
    seat = RevolvedBody(((0.32, 0.26), (0.38, 0.275), (0.45, 0.25)), tilt=0.26)
    return [
        *_legs(0.4, 0.17),
        Part(ellipse(0.5, 0.72, 0.19, 0.045), "wood", puff=0.008, holes=(ellipse(0.5, 0.717, 0.165, 0.03),)),
        Part.revolved(seat),
        Part(seat.mouth(1.0), puff=0.03),
    ]


def _hand(angle: float, length: float, pen: float, paint: str = "dark") -> Part:
    line = tube([(0.5, 0.54), (0.5, 0.5 - length)], pen, pen * 0.6)
    return Part(rotated(line, angle), paint, puff=0.006)


def _dial(radius: float, marks: int) -> list[Part]:
    ticks = []
    for turn in np.linspace(0, 360, marks, endpoint=False):
        tick = box(0.494, 0.5 - radius * 0.92, 0.506, 0.5 - radius * 0.8, 0.004)
        ticks.append(Part(rotated(tick, float(turn)), "dark", puff=0))
    return [
        *ticks,
        _hand(-52, radius * 0.52, 0.026),
        _hand(62, radius * 0.76, 0.018),
        Part(ellipse(0.5, 0.5, 0.02), "trim", puff=0.008),
    ]


def round_clock() -> list[Part]:
    """A round wall clock with a frame."""
    return [
        Part(ellipse(0.5, 0.5, 0.37), "second", puff=0.025),
        Part(ellipse(0.5, 0.5, 0.32), puff=0.004),
        Part(ellipse(0.5, 0.5, 0.2), "light", puff=0.004),
        *_dial(0.2, 12),
    ]


def square_clock() -> list[Part]:
    """A square wall clock."""
    return [
        Part(box(0.15, 0.15, 0.85, 0.85, 0.07), puff=0.025),
        Part(ellipse(0.5, 0.5, 0.245), "light", puff=0.01),
        *_dial(0.24, 4),
    ]


def sunburst_clock() -> list[Part]:
    """A clock with rays around its dial."""
    rays = [
        Part(
            rotated(tube([(0.5, 0.35), (0.5, 0.1 if number % 2 else 0.15)], 0.07, 0.03), number * 20.0),
            "second" if number % 2 else "main",
            puff=0.01,
        )
        for number in range(18)
    ]
    return [
        *rays,
        Part(ellipse(0.5, 0.5, 0.25), puff=0.02),
        Part(ellipse(0.5, 0.5, 0.16), "light", puff=0.004),
        *_dial(0.16, 12),
    ]


def _pillow(width: float, height: float) -> Curve:
    x, y = width / 2, height / 2
    pinch = 0.025
    right = [(x, -y), (x - pinch, 0), (x, y)]
    points = [(0, -y + pinch), *right, (0, y - pinch), *((-a, b) for a, b in reversed(right))]
    return smooth([(0.5 + a, 0.5 + b) for a, b in points])


def square_cushion() -> list[Part]:
    """A square cushion with pointed corners and piping."""
    return [Part(_pillow(0.74, 0.74), "second", puff=0.02), Part(_pillow(0.71, 0.71), puff=0.11, rumple=0.004)]


def round_cushion() -> list[Part]:
    """A round cushion with a button."""
    return [
        Part(ellipse(0.5, 0.5, 0.37), "second", puff=0.02),
        Part(ellipse(0.5, 0.5, 0.352), puff=0.11, rumple=0.003),
        Part(ellipse(0.5, 0.5, 0.035), "second", puff=0.02),
    ]


def long_cushion() -> list[Part]:
    """A long, low cushion with tassels."""
    corners = [(side, end) for side in (-1, 1) for end in (-1, 1)]
    tassels = [
        Part(
            tube([(0.5 + 0.39 * x, 0.5 + 0.17 * y), (0.5 + 0.44 * x, 0.5 + 0.22 * y)], 0.035, 0.05),
            "second",
            puff=0.012,
        )
        for x, y in corners
    ]
    return [*tassels, Part(_pillow(0.8, 0.4), puff=0.09, rumple=0.004)]


def _fringe(x0: float, x1: float, y: float, length: float, count: int) -> list[Part]:
    return [
        Part(tube([(float(x), y), (float(x) + 0.004, y + length)], 0.014, 0.01), "light", puff=0.004)
        for x in np.linspace(x0, x1, count)
    ]


def rectangular_rug() -> list[Part]:
    """A rectangular rug with a border and fringes."""
    return [
        *_fringe(0.1, 0.9, 0.24, -0.05, 26),
        *_fringe(0.1, 0.9, 0.76, 0.05, 26),
        Part(box(0.08, 0.22, 0.92, 0.78, 0.008), "second", puff=0.008),
        Part(box(0.13, 0.27, 0.87, 0.73, 0.004), puff=0.004),
    ]


def round_rug() -> list[Part]:
    """A round rug with a border."""
    return [Part(ellipse(0.5, 0.5, 0.42), "second", puff=0.01), Part(ellipse(0.5, 0.5, 0.36), puff=0.004)]


def runner_rug() -> list[Part]:
    """A long, narrow rug with fringes at its ends."""
    return [
        *_fringe(0.32, 0.68, 0.1, -0.05, 13),
        *_fringe(0.32, 0.68, 0.9, 0.05, 13),
        Part(box(0.3, 0.08, 0.7, 0.92, 0.008), "second", puff=0.008),
        Part(box(0.34, 0.12, 0.66, 0.88, 0.004), puff=0.004),
    ]
