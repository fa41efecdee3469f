"""Doorbells, music boxes and toys: what is bought for its sound."""

import numpy as np

from ltr_plugin.demo.outlines import Part, RevolvedBody, box, ellipse, mirrored, smooth, tube


def push_button() -> list[Part]:
    """A round doorbell with a button that glows."""
    return [
        Part(ellipse(0.5, 0.5, 0.34), "second", puff=0.02),
        Part(ellipse(0.5, 0.5, 0.3), puff=0.03),
        Part(ellipse(0.5, 0.5, 0.12), "metal", puff=0.02),
        Part(ellipse(0.5, 0.5, 0.085), "glow", puff=0.02),
    ]


def wall_panel() -> list[Part]:
    """A long doorbell panel: loudspeaker slots above, name plate and button below."""
    slots = [Part(box(0.41, y, 0.59, y + 0.018, 0.009), "dark", puff=0.003) for y in np.linspace(0.2, 0.36, 5).tolist()]
    return [
        Part(box(0.29, 0.08, 0.71, 0.92, 0.05), "second", puff=0.015),
        Part(box(0.32, 0.11, 0.68, 0.89, 0.035), puff=0.018),
        *slots,
        Part(box(0.39, 0.47, 0.61, 0.55, 0.01), "light", puff=0.006),
        Part(ellipse(0.5, 0.71, 0.085), "metal", puff=0.015),
        Part(ellipse(0.5, 0.71, 0.06), "glow", puff=0.02),
    ]


def pull_bell() -> list[Part]:
    """A bell on a wall bracket, with a cord to pull."""
    bell = RevolvedBody(((0.3, 0.06), (0.36, 0.12), (0.5, 0.16), (0.62, 0.23), (0.66, 0.25)), axis=0.54, tilt=0.14)
    return [
        Part(box(0.16, 0.12, 0.26, 0.5, 0.03), "trim", puff=0.02),
        Part(tube([(0.21, 0.42), (0.26, 0.24), (0.42, 0.17), (0.55, 0.2), (0.54, 0.3)], 0.035), "metal", puff=0.012),
        Part(tube([(0.54, 0.62), (0.55, 0.76), (0.54, 0.86)], 0.018), "second", puff=0.006),
        Part(ellipse(0.54, 0.88, 0.03, 0.045), "second", puff=0.015),
        Part(ellipse(0.54, 0.71, 0.05), "metal", puff=0.02),
        Part.revolved(bell),
    ]


def chest_music_box() -> list[Part]:
    """A small chest with its lid open on comb and cylinder."""
    lid = smooth([(0.16, 0.5), (0.17, 0.2), (0.24, 0.15), (0.5, 0.14), (0.76, 0.15), (0.83, 0.2), (0.84, 0.5)])
    inside = smooth([(0.22, 0.46), (0.23, 0.24), (0.5, 0.2), (0.77, 0.24), (0.78, 0.46)])
    return [
        Part(lid, puff=0.025),
        Part(inside, "second", puff=0.015),
        Part(box(0.14, 0.44, 0.86, 0.62, 0.01), "dark", puff=0.01),
        Part(box(0.28, 0.47, 0.6, 0.56, 0.03), "metal", puff=0.03),
        *(Part(box(x, 0.56, x + 0.02, 0.61, 0.004), "metal", puff=0.004) for x in np.linspace(0.28, 0.58, 9).tolist()),
        Part(box(0.13, 0.58, 0.87, 0.88, 0.025), puff=0.02),
        Part(box(0.45, 0.58, 0.55, 0.68, 0.02), "metal", puff=0.012),
    ]


def crank_music_box() -> list[Part]:
    """A cylinder to hold in the hand, with a crank at its side."""
    drum = RevolvedBody(((0.34, 0.25), (0.55, 0.25), (0.82, 0.25)), axis=0.46, tilt=0.22)
    return [
        Part(tube([(0.66, 0.56), (0.82, 0.56)], 0.035), "metal", puff=0.012),
        Part(tube([(0.82, 0.58), (0.82, 0.34)], 0.03), "metal", puff=0.012),
        Part(box(0.79, 0.22, 0.89, 0.36, 0.035), "wood", puff=0.02),
        Part.revolved(drum),
        Part(drum.mouth(1.0), "second", puff=0.01),
        Part(drum.mouth(0.35), "metal", puff=0.01),
    ]


def carousel_music_box() -> list[Part]:
    """A roundabout: a canopy over poles on a turned foot."""
    canopy = RevolvedBody(((0.12, 0.015), (0.22, 0.13), (0.34, 0.3), (0.4, 0.31)), tilt=0.14)
    foot = RevolvedBody(((0.76, 0.28), (0.82, 0.31), (0.88, 0.31)), tilt=0.16)
    poles = [Part(tube([(x, 0.38), (x, 0.8)], 0.02), "metal", puff=0.006) for x in (0.27, 0.42, 0.58, 0.73)]
    horses = [
        Part(ellipse(x, y, 0.06, 0.045), "light", puff=0.02) for x, y in ((0.27, 0.6), (0.58, 0.57), (0.73, 0.64))
    ]
    return [
        Part.revolved(foot, "second"),
        Part(foot.mouth(0.97), "wood", puff=0.006),
        *poles,
        *horses,
        Part(ellipse(0.42, 0.65, 0.065, 0.05), "second", puff=0.02),
        Part.revolved(canopy),
        Part(ellipse(0.5, 0.11, 0.03), "third", puff=0.015),
    ]


def robot() -> list[Part]:
    """A robot with a loudspeaker in its chest."""
    arm = tube([(0.28, 0.46), (0.19, 0.56), (0.18, 0.68)], 0.065)
    leg = box(0.35, 0.74, 0.46, 0.92, 0.025)
    eye, hand = ellipse(0.43, 0.26, 0.04), ellipse(0.18, 0.71, 0.05)
    return [
        Part(tube([(0.5, 0.16), (0.5, 0.08)], 0.018), "metal", puff=0.006),
        Part(ellipse(0.5, 0.075, 0.028), "third", puff=0.015),
        *(Part(curve, "metal", puff=0.02) for curve in (arm, mirrored(arm))),
        *(Part(curve, "second", puff=0.025) for curve in (hand, mirrored(hand), leg, mirrored(leg))),
        Part(box(0.29, 0.41, 0.71, 0.78, 0.05), puff=0.035),
        Part(box(0.34, 0.14, 0.66, 0.39, 0.06), puff=0.035),
        *(Part(curve, "glow", puff=0.015) for curve in (eye, mirrored(eye))),
        Part(box(0.43, 0.32, 0.57, 0.345, 0.01), "dark", puff=0.004),
        Part(ellipse(0.5, 0.59, 0.1), "light", puff=0.012),
        *(Part(ellipse(0.5, 0.59, radius, radius), "dark", puff=0.004, holes=(ellipse(0.5, 0.59, radius - 0.014),))
          for radius in (0.085, 0.05)),
    ]  # fmt: skip


def car() -> list[Part]:
    """A car with a light on its roof."""
    body = smooth(
        [(0.07, 0.7), (0.08, 0.56), (0.2, 0.5), (0.5, 0.49), (0.82, 0.5), (0.93, 0.58), (0.93, 0.7), (0.5, 0.73)]
    )
    cabin = smooth([(0.24, 0.53), (0.31, 0.34), (0.5, 0.3), (0.66, 0.34), (0.76, 0.53)])
    panes = [smooth([(0.31, 0.49), (0.36, 0.38), (0.47, 0.36), (0.47, 0.49)]),
             smooth([(0.52, 0.49), (0.52, 0.36), (0.63, 0.38), (0.69, 0.49)])]  # fmt: skip
    return [
        Part(box(0.43, 0.22, 0.57, 0.32, 0.03), "glow", puff=0.02),
        Part(cabin, puff=0.03),
        *(Part(pane, "light", puff=0.01) for pane in panes),
        Part(body, puff=0.045),
        Part(box(0.1, 0.62, 0.9, 0.655, 0.01), "second", puff=0.008),
        *(Part(ellipse(x, 0.73, 0.1), "dark", puff=0.03) for x in (0.26, 0.74)),
        *(Part(ellipse(x, 0.73, 0.045), "metal", puff=0.015) for x in (0.26, 0.74)),
        Part(ellipse(0.905, 0.58, 0.025, 0.03), "glow", puff=0.01),
    ]


def spinning_top() -> list[Part]:
    """A humming top with a knob to press."""
    top = RevolvedBody(((0.42, 0.08), (0.48, 0.26), (0.56, 0.34), (0.64, 0.32), (0.74, 0.18), (0.82, 0.05)), tilt=0.16)
    return [
        Part.revolved(RevolvedBody(((0.8, 0.03), (0.9, 0.02)), tilt=0.2), "metal"),
        Part.revolved(top),
        Part(tube([(0.5, 0.45), (0.5, 0.2)], 0.03), "metal", puff=0.012),
        Part(ellipse(0.5, 0.17, 0.075, 0.06), "second", puff=0.035),
    ]
