"""Sneakers, T-shirts and scarves."""

import numpy as np

from ltr_plugin.demo.outlines import Curve, Part, ellipse, mirrored, smooth, tube


def _laces(points: list[tuple[float, float]]) -> list[Part]:
    return [Part(tube([(x - 0.035, y - 0.02), (x + 0.04, y + 0.03)], 0.018), "light", puff=0.008) for x, y in points]


def _shoe(upper: Curve, opening: Curve) -> list[Part]:
    sole = smooth(
        [
            (0.1, 0.7),
            (0.3, 0.71),
            (0.6, 0.71),
            (0.9, 0.69),
            (0.94, 0.74),
            (0.88, 0.79),
            (0.5, 0.8),
            (0.14, 0.8),
            (0.08, 0.76),
        ]
    )
    toe = smooth([(0.74, 0.72), (0.75, 0.64), (0.81, 0.6), (0.88, 0.62), (0.92, 0.68), (0.91, 0.73)])
    return [
        Part(opening, "inside", puff=0.02),
        Part(upper, puff=0.05),
        Part(toe, "trim", puff=0.025),
        Part(sole, "light", puff=0.018),
        Part(tube([(0.12, 0.765), (0.5, 0.772), (0.91, 0.75)], 0.014), "second", puff=0.004),
    ]


def low_sneaker() -> list[Part]:
    """A running shoe, cut low."""
    upper = smooth(
        [
            (0.1, 0.73),
            (0.1, 0.56),
            (0.13, 0.45),
            (0.2, 0.47),
            (0.3, 0.52),
            (0.42, 0.44),
            (0.5, 0.42),
            (0.62, 0.54),
            (0.8, 0.6),
            (0.91, 0.68),
            (0.9, 0.74),
            (0.5, 0.75),
        ]
    )
    wing = smooth([(0.33, 0.72), (0.43, 0.56), (0.5, 0.54), (0.45, 0.64), (0.42, 0.72)])
    opening = smooth([(0.13, 0.47), (0.22, 0.42), (0.4, 0.39), (0.48, 0.42), (0.4, 0.52), (0.28, 0.55), (0.17, 0.53)])
    return [
        *_shoe(upper, opening),
        Part(wing, "second", puff=0.008),
        *_laces([(0.5, 0.47), (0.56, 0.515), (0.62, 0.56)]),
    ]


def high_sneaker() -> list[Part]:
    """A sneaker that covers the ankle."""
    upper = smooth(
        [
            (0.12, 0.73),
            (0.13, 0.5),
            (0.14, 0.27),
            (0.2, 0.23),
            (0.3, 0.25),
            (0.4, 0.22),
            (0.45, 0.26),
            (0.49, 0.42),
            (0.62, 0.55),
            (0.8, 0.6),
            (0.91, 0.68),
            (0.9, 0.74),
            (0.5, 0.75),
        ]
    )
    opening = smooth([(0.15, 0.26), (0.26, 0.19), (0.4, 0.2), (0.44, 0.24), (0.3, 0.28)])
    patch = ellipse(0.25, 0.42, 0.06)
    return [
        *_shoe(upper, opening),
        Part(patch, "second", puff=0.008),
        *_laces([(0.45, 0.33), (0.47, 0.4), (0.51, 0.47), (0.57, 0.53)]),
    ]


def slip_on() -> list[Part]:
    """A flat shoe without laces."""
    upper = smooth(
        [
            (0.1, 0.73),
            (0.1, 0.58),
            (0.14, 0.51),
            (0.24, 0.55),
            (0.38, 0.57),
            (0.5, 0.5),
            (0.6, 0.49),
            (0.76, 0.57),
            (0.91, 0.67),
            (0.9, 0.74),
            (0.5, 0.75),
        ]
    )
    opening = smooth([(0.13, 0.53), (0.25, 0.49), (0.42, 0.47), (0.55, 0.48), (0.45, 0.57), (0.28, 0.59)])
    side = smooth([(0.42, 0.64), (0.49, 0.54), (0.54, 0.53), (0.52, 0.65)])
    return [*_shoe(upper, opening), Part(side, "second", puff=0.008)]


def _shirt(sleeve: Curve | None, body: Curve, neck: Curve) -> list[Part]:
    sleeves = (
        [Part(curve, puff=0.025, rumple=0.007) for curve in (sleeve, mirrored(sleeve))] if sleeve is not None else []
    )
    back = Part(ellipse(0.5, 0.17, 0.115, 0.045), "inside", puff=0.01)
    collar = tube([(0.385, 0.165), (0.41, 0.22), (0.5, 0.262), (0.59, 0.22), (0.615, 0.165)], 0.022)
    return [*sleeves, back, Part(body, puff=0.03, rumple=0.009, holes=(neck,)), Part(collar, "second", puff=0.008)]


_TORSO = [(0.61, 0.15), (0.7, 0.18), (0.745, 0.25), (0.735, 0.42), (0.73, 0.62), (0.735, 0.86), (0.5, 0.875)]
_NECK = ellipse(0.5, 0.14, 0.115, 0.115)


def _torso(points: list[tuple[float, float]]) -> Curve:
    half = smooth(points, closed=False)
    return np.concatenate([half, mirrored(half)[::-1]])


def short_sleeved_shirt() -> list[Part]:
    """A T-shirt with short sleeves."""
    sleeve = smooth([(0.33, 0.17), (0.22, 0.22), (0.08, 0.39), (0.1, 0.43), (0.2, 0.49), (0.24, 0.47), (0.31, 0.36)])
    return _shirt(sleeve, _torso(_TORSO), _NECK)


def long_sleeved_shirt() -> list[Part]:
    """A shirt with long sleeves."""
    sleeve = smooth(
        [
            (0.33, 0.17),
            (0.23, 0.21),
            (0.17, 0.36),
            (0.1, 0.62),
            (0.07, 0.8),
            (0.1, 0.83),
            (0.18, 0.84),
            (0.21, 0.8),
            (0.25, 0.6),
            (0.32, 0.38),
        ]
    )
    return _shirt(sleeve, _torso(_TORSO), _NECK)


def tank_top() -> list[Part]:
    """A top without sleeves."""
    points = [(0.6, 0.13), (0.66, 0.14), (0.675, 0.26), (0.73, 0.36), (0.73, 0.6), (0.735, 0.86), (0.5, 0.875)]
    return _shirt(None, _torso(points), _NECK)


def _tail(points: list[tuple[float, float]], width: float) -> list[Part]:
    (x, y) = points[-1]
    fringe = [
        Part(tube([(x + float(d), y - 0.01), (x + float(d) * 1.1, y + 0.06)], 0.016, 0.01), "second", puff=0.005)
        for d in np.linspace(-width * 0.44, width * 0.44, 8)
    ]
    return [*fringe, Part(tube(points, width, width * 1.05), puff=0.03, rumple=0.008)]


def long_scarf() -> list[Part]:
    """A scarf wound once, both ends hanging."""
    loop = smooth(
        [(0.5, 0.1), (0.7, 0.15), (0.76, 0.3), (0.66, 0.43), (0.5, 0.46), (0.34, 0.43), (0.24, 0.3), (0.3, 0.15)]
    )
    hole = smooth([(0.5, 0.19), (0.6, 0.21), (0.62, 0.26), (0.56, 0.3), (0.44, 0.3), (0.38, 0.26), (0.4, 0.21)])
    return [
        *_tail([(0.42, 0.34), (0.38, 0.6), (0.34, 0.84)], 0.19),
        *_tail([(0.56, 0.36), (0.6, 0.55), (0.62, 0.76)], 0.19),
        Part(ellipse(0.5, 0.2, 0.17, 0.08), "inside", puff=0.01),
        Part(loop, puff=0.06, rumple=0.01, holes=(hole,)),
    ]


def loop_scarf() -> list[Part]:
    """A closed loop of cloth, worn double."""
    outer = smooth(
        [(0.5, 0.16), (0.74, 0.22), (0.84, 0.45), (0.74, 0.72), (0.5, 0.82), (0.26, 0.72), (0.16, 0.45), (0.26, 0.22)]
    )
    hole = smooth([(0.5, 0.27), (0.62, 0.29), (0.66, 0.37), (0.58, 0.45), (0.42, 0.45), (0.34, 0.37), (0.38, 0.29)])
    front = tube([(0.22, 0.36), (0.36, 0.55), (0.5, 0.59), (0.64, 0.55), (0.78, 0.36)], 0.17)
    return [
        Part(ellipse(0.5, 0.32, 0.19, 0.1), "inside", puff=0.01),
        Part(outer, puff=0.07, rumple=0.012, holes=(hole,)),
        Part(front, puff=0.05, rumple=0.008),
    ]


def bandana() -> list[Part]:
    """A small square scarf, folded to a triangle."""
    cloth = np.concatenate(
        [
            tube([(0.08, 0.3), (0.5, 0.2), (0.92, 0.3)], 0.02)[:24],
            smooth([(0.92, 0.3), (0.7, 0.56), (0.5, 0.84), (0.3, 0.56), (0.08, 0.3)], closed=False),
        ]
    )
    return [
        Part(cloth, puff=0.03, rumple=0.01),
        Part(tube([(0.08, 0.3), (0.5, 0.22), (0.92, 0.3)], 0.075, 0.075), "second", puff=0.025),
    ]
