"""Mugs, teapots, bottles and plant pots: bodies of revolution with handles, spouts, caps and leaves."""

import numpy as np

from ltr_plugin.demo.outlines import Part, RevolvedBody, ellipse, mirrored, rotated, smooth, tube


def _mug(body: RevolvedBody, handle: list[tuple[float, float]], pen: float) -> list[Part]:
    return [
        Part(tube(handle, pen), puff=0.015),
        Part.revolved(body),
        Part(body.mouth(1.0), "light", puff=0.012),
        Part(body.mouth(0.9), "inside", puff=0.02),
    ]


def straight_mug() -> list[Part]:
    """A straight mug."""
    body = RevolvedBody(((0.3, 0.235), (0.5, 0.235), (0.72, 0.235), (0.79, 0.22)), axis=0.44)
    return _mug(body, [(0.64, 0.4), (0.79, 0.38), (0.83, 0.53), (0.76, 0.67), (0.63, 0.69)], 0.05)


def round_mug() -> list[Part]:
    """A mug with a belly."""
    body = RevolvedBody(((0.32, 0.2), (0.42, 0.25), (0.56, 0.285), (0.7, 0.255), (0.78, 0.17)), axis=0.45)
    return _mug(body, [(0.66, 0.42), (0.8, 0.38), (0.86, 0.5), (0.81, 0.62), (0.69, 0.68)], 0.05)


def tapered_mug() -> list[Part]:
    """A tall mug that narrows to its foot."""
    body = RevolvedBody(((0.2, 0.235), (0.42, 0.215), (0.65, 0.185), (0.82, 0.155)), axis=0.45, tilt=0.18)
    return _mug(body, [(0.64, 0.34), (0.78, 0.32), (0.82, 0.44), (0.75, 0.56), (0.61, 0.6)], 0.042)


def _teapot(
    body: RevolvedBody, lid: RevolvedBody, spout: list[tuple[float, float]], handle: list[tuple[float, float]]
) -> list[Part]:
    top, _ = lid.profile[0]
    return [
        Part(tube(handle, 0.045), "second", puff=0.015),
        Part(tube(spout, 0.12, 0.05), puff=0.03),
        Part.revolved(body),
        Part.revolved(lid, "second"),
        Part(ellipse(lid.axis, top - 0.03, 0.038), "trim", puff=0.02),
    ]


def round_teapot() -> list[Part]:
    """A ball-shaped teapot."""
    return _teapot(
        RevolvedBody(((0.36, 0.12), (0.41, 0.2), (0.56, 0.26), (0.7, 0.22), (0.77, 0.13)), axis=0.48),
        RevolvedBody(((0.3, 0.03), (0.33, 0.09), (0.38, 0.125)), axis=0.48),
        [(0.68, 0.62), (0.8, 0.56), (0.84, 0.44), (0.91, 0.36)],
        [(0.3, 0.42), (0.13, 0.4), (0.11, 0.56), (0.18, 0.66), (0.28, 0.68)],
    )


def tall_teapot() -> list[Part]:
    """A tall pot, as for coffee."""
    return _teapot(
        RevolvedBody(((0.28, 0.11), (0.45, 0.14), (0.68, 0.2), (0.82, 0.19)), axis=0.48),
        RevolvedBody(((0.19, 0.02), (0.22, 0.07), (0.28, 0.115)), axis=0.48),
        [(0.6, 0.62), (0.73, 0.54), (0.74, 0.38), (0.83, 0.28)],
        [(0.38, 0.32), (0.2, 0.3), (0.15, 0.46), (0.2, 0.64), (0.31, 0.7)],
    )


def flat_teapot() -> list[Part]:
    """A low teapot with a bow handle over the top."""
    return _teapot(
        RevolvedBody(((0.48, 0.14), (0.53, 0.25), (0.63, 0.3), (0.73, 0.25), (0.78, 0.15)), axis=0.47),
        RevolvedBody(((0.43, 0.03), (0.45, 0.09), (0.5, 0.145)), axis=0.47),
        [(0.71, 0.66), (0.82, 0.6), (0.85, 0.52), (0.92, 0.47)],
        [(0.26, 0.54), (0.24, 0.32), (0.47, 0.2), (0.7, 0.32), (0.68, 0.54)],
    )


def slim_bottle() -> list[Part]:
    """A slim drinking bottle with a screw cap."""
    return [
        Part.revolved(
            RevolvedBody(((0.28, 0.075), (0.34, 0.085), (0.42, 0.135), (0.6, 0.14), (0.9, 0.135)), tilt=0.14)
        ),
        Part.revolved(RevolvedBody(((0.22, 0.07), (0.3, 0.07)), tilt=0.14), "metal"),
        Part.revolved(RevolvedBody(((0.1, 0.078), (0.16, 0.085), (0.23, 0.085)), tilt=0.14), "trim"),
    ]


def wide_bottle() -> list[Part]:
    """A wide bottle with a carrying loop on its lid."""
    loop = ellipse(0.5, 0.17, 0.1, 0.09)
    return [
        Part(loop, "trim", puff=0.01, holes=(ellipse(0.5, 0.17, 0.07, 0.06),)),
        Part.revolved(RevolvedBody(((0.32, 0.16), (0.38, 0.195), (0.6, 0.2), (0.87, 0.19)), tilt=0.15)),
        Part.revolved(RevolvedBody(((0.2, 0.15), (0.31, 0.165)), tilt=0.15), "trim"),
    ]


def flask() -> list[Part]:
    """A vacuum flask with a cup as its lid and a handle."""
    return [
        Part(tube([(0.6, 0.42), (0.77, 0.42), (0.78, 0.58), (0.76, 0.7), (0.6, 0.7)], 0.045), "trim", puff=0.015),
        Part.revolved(RevolvedBody(((0.32, 0.14), (0.38, 0.165), (0.6, 0.165), (0.88, 0.165)), axis=0.47, tilt=0.15)),
        Part.revolved(RevolvedBody(((0.12, 0.115), (0.3, 0.14)), axis=0.47, tilt=0.15), "metal"),
    ]


def _leaves(count: int, spread: float, length: float, base_y: float, lean: float) -> list[Part]:
    leaves = []
    for angle in sorted(np.linspace(-spread, spread, count), key=lambda turn: -abs(turn)):
        reach = length * (1 - 0.2 * abs(angle) / 90)
        blade = smooth(
            [
                (0.5, base_y),
                (0.5 + lean, base_y - reach * 0.6),
                (0.5, base_y - reach),
                (0.5 - lean, base_y - reach * 0.55),
            ]
        )
        leaves.append(Part(rotated(blade, float(angle), 0.5, base_y), "leaf", puff=0.02))
    return leaves


def _pot(body: RevolvedBody, leaves: list[Part]) -> list[Part]:
    return [Part.revolved(body), Part(body.mouth(0.92), "earth", puff=0.01), *leaves]


def tapered_pot() -> list[Part]:
    """A flower pot with a rim, planted with broad leaves."""
    rim = RevolvedBody(((0.52, 0.225), (0.6, 0.22)))
    body = RevolvedBody(((0.56, 0.2), (0.7, 0.175), (0.87, 0.145)))
    return [
        Part.revolved(body),
        Part.revolved(rim),
        Part(rim.mouth(0.92), "earth", puff=0.01),
        *_leaves(7, 75, 0.42, 0.54, 0.065),
    ]


def round_pot() -> list[Part]:
    """A ball-shaped pot with a cactus."""
    body = RevolvedBody(((0.56, 0.17), (0.63, 0.25), (0.72, 0.275), (0.82, 0.23), (0.88, 0.16)))
    arm = tube([(0.52, 0.42), (0.63, 0.4), (0.66, 0.28)], 0.075)
    stem = smooth([(0.42, 0.57), (0.41, 0.35), (0.44, 0.18), (0.5, 0.13), (0.56, 0.18), (0.59, 0.35), (0.58, 0.57)])
    return _pot(
        body,
        [
            Part(arm, "leaf", puff=0.03),
            Part(stem, "leaf", puff=0.05),
            Part(ellipse(0.5, 0.135, 0.035), "blossom", puff=0.02),
        ],
    )


def footed_pot() -> list[Part]:
    """A straight planter on wooden legs, with long grassy leaves."""
    body = RevolvedBody(((0.5, 0.22), (0.62, 0.22), (0.76, 0.215)))
    leg = tube([(0.33, 0.72), (0.29, 0.93)], 0.04, 0.025)
    return [
        Part(leg, "wood", puff=0.01),
        Part(mirrored(leg), "wood", puff=0.01),
        *_pot(body, _leaves(11, 62, 0.46, 0.52, 0.026)),
    ]
