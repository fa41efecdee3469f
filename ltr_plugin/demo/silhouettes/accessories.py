"""Umbrellas and backpacks."""

from itertools import pairwise

import numpy as np

from ltr_plugin.demo.outlines import Curve, Part, box, mirrored, smooth, tube


def _handle(top: float) -> Part:
    return Part(tube([(0.5, top), (0.5, 0.84), (0.52, 0.91), (0.58, 0.91), (0.6, 0.85)], 0.026), "wood", puff=0.01)


def _canopy(top: float, rim: float, half: float, scallops: int) -> list[Part]:
    """Panels between ribs; every rib runs from the tip to a point on the rim."""
    ends = np.linspace(0.5 - half, 0.5 + half, scallops + 1)
    panels = []
    for left, right in pairwise(ends.tolist()):
        sides = []
        for end in (left, right):
            bulge = 0.5 + (end - 0.5) * 0.72
            sides.append(smooth([(0.5, top), (bulge, top + (rim - top) * 0.34), (end, rim)], closed=False))
        scallop = smooth([(right, rim), ((left + right) / 2, rim - 0.045), (left, rim)], closed=False)
        panels.append(Part(np.concatenate([sides[1], scallop, sides[0][::-1]]), puff=0.03))
    return [*panels, Part(tube([(0.5, top + 0.01), (0.5, top - 0.05)], 0.02, 0.012), "metal", puff=0.006)]


def dome_umbrella() -> list[Part]:
    """An open umbrella with a deep canopy."""
    return [_handle(0.3), *_canopy(0.16, 0.56, 0.41, 5)]


def flat_umbrella() -> list[Part]:
    """An open parasol with a shallow canopy and a straight pole."""
    pole = Part(tube([(0.5, 0.3), (0.5, 0.93)], 0.026), "wood", puff=0.01)
    return [pole, *_canopy(0.2, 0.44, 0.45, 7)]


def folded_umbrella() -> list[Part]:
    """A closed umbrella with a crook handle."""
    cloth = smooth(
        [
            (0.5, 0.1),
            (0.54, 0.3),
            (0.585, 0.52),
            (0.6, 0.66),
            (0.555, 0.69),
            (0.5, 0.7),
            (0.445, 0.69),
            (0.4, 0.66),
            (0.415, 0.52),
            (0.46, 0.3),
        ]
    )
    return [
        Part(tube([(0.5, 0.14), (0.5, 0.05)], 0.016, 0.01), "metal", puff=0.006),
        _handle(0.6),
        Part(cloth, puff=0.05, rumple=0.008),
        Part(tube([(0.41, 0.54), (0.5, 0.565), (0.59, 0.54)], 0.026), "second", puff=0.008),
    ]


def _pack(body: Curve, pieces: list[Part]) -> list[Part]:
    strap = tube([(0.3, 0.3), (0.16, 0.42), (0.15, 0.66), (0.26, 0.82)], 0.05, 0.035)
    grip = tube([(0.44, 0.17), (0.45, 0.09), (0.55, 0.09), (0.56, 0.17)], 0.03)
    return [
        *(Part(curve, "trim", puff=0.015) for curve in (strap, mirrored(strap), grip)),
        Part(body, puff=0.06),
        *pieces,
    ]


def school_backpack() -> list[Part]:
    """A rounded backpack with a front pocket."""
    body = smooth(
        [
            (0.5, 0.13),
            (0.66, 0.16),
            (0.74, 0.3),
            (0.77, 0.6),
            (0.75, 0.84),
            (0.5, 0.88),
            (0.25, 0.84),
            (0.23, 0.6),
            (0.26, 0.3),
            (0.34, 0.16),
        ]
    )
    pocket = box(0.3, 0.54, 0.7, 0.81, 0.06)
    zips = [
        tube([(0.29, 0.46), (0.3, 0.3), (0.39, 0.22), (0.61, 0.22), (0.7, 0.3), (0.71, 0.46)], 0.014),
        tube([(0.35, 0.6), (0.65, 0.6)], 0.012),
    ]
    return _pack(body, [Part(pocket, "second", puff=0.035), *(Part(line, "metal", puff=0.004) for line in zips)])


def rolltop_backpack() -> list[Part]:
    """A bag whose top is rolled and buckled."""
    body = box(0.25, 0.2, 0.75, 0.87, 0.05)
    roll = box(0.22, 0.14, 0.78, 0.27, 0.06)
    belt = box(0.47, 0.13, 0.53, 0.6, 0.01)
    return _pack(
        body,
        [
            Part(roll, puff=0.04),
            Part(belt, "trim", puff=0.008),
            Part(box(0.455, 0.49, 0.545, 0.56, 0.012), "metal", puff=0.012),
            Part(box(0.3, 0.66, 0.7, 0.68, 0.008), "dark", puff=0.003),
        ],
    )


def flap_backpack() -> list[Part]:
    """A rucksack with a flap and two straps in front."""
    body = box(0.24, 0.22, 0.76, 0.87, 0.09)
    flap = smooth(
        [(0.26, 0.2), (0.5, 0.16), (0.74, 0.2), (0.79, 0.36), (0.76, 0.52), (0.5, 0.56), (0.24, 0.52), (0.21, 0.36)]
    )
    belts = [box(x - 0.025, 0.4, x + 0.025, 0.74, 0.01) for x in (0.37, 0.63)]
    buckles = [box(x - 0.035, 0.58, x + 0.035, 0.64, 0.01) for x in (0.37, 0.63)]
    return _pack(
        body,
        [
            Part(flap, "main", puff=0.045),
            *(Part(curve, "trim", puff=0.008) for curve in belts),
            *(Part(curve, "metal", puff=0.01) for curve in buckles),
        ],
    )
