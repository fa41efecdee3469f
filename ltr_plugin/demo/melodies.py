"""Melodies: sequences of notes, played in a timbre."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ltr_plugin.demo.timbres import INSTRUMENTS, SAMPLE_RATE_HZ, Wave

MAX_MELODY_S = 2.3


@dataclass(frozen=True)
class Note:
    """One note; `semitones` counts from the pitch of the instrument."""

    start_s: float
    length_s: float
    semitones: float


def perform(timbre: str, melody: str, rng: np.random.Generator) -> Wave:
    """The melody in this timbre, peak 1, 1 to MAX_MELODY_S seconds; pitch, tempo and instrument vary by call."""
    make, (lowest_hz, highest_hz) = INSTRUMENTS[timbre]
    play = make(rng)
    pitch_hz = lowest_hz * (highest_hz / lowest_hz) ** rng.random()
    wave = np.zeros(int(MAX_MELODY_S * SAMPLE_RATE_HZ))
    ends = 0
    for note in MELODY_NOTES[melody](rng):
        hz = pitch_hz * 2 ** ((note.semitones + rng.normal(0, 0.08)) / 12)
        start = int((note.start_s + abs(rng.normal(0, 0.006))) * SAMPLE_RATE_HZ)
        sound = play(hz, note.length_s)[: len(wave) - start]
        wave[start : start + len(sound)] += sound * rng.uniform(0.8, 1)
        ends = max(ends, start + len(sound))
    wave = wave[: max(ends, SAMPLE_RATE_HZ)]
    wave[-400:] *= np.linspace(1, 0, 400)
    return np.asarray(wave / np.abs(wave).max(), np.float32)


def _run(steps: list[float], step_s: float) -> list[Note]:
    return [Note(number * step_s, step_s * 0.95, semitones) for number, semitones in enumerate(steps)]


def _scale(rng: np.random.Generator) -> list[float]:
    """Four or five notes upwards: of a chord, or of a scale."""
    steps = ((0, 4, 7, 12), (0, 2, 4, 7, 9), (0, 3, 7, 12), (0, 5, 7, 12), (0, 2, 4, 5, 7))
    return [float(step) for step in steps[rng.integers(len(steps))]]


def _rising(rng: np.random.Generator) -> list[Note]:
    return _run([step - 4 for step in _scale(rng)], float(rng.uniform(0.17, 0.3)))


def _falling(rng: np.random.Generator) -> list[Note]:
    return _run([step - 4 for step in reversed(_scale(rng))], float(rng.uniform(0.17, 0.3)))


def _alternating(rng: np.random.Generator) -> list[Note]:
    interval = float(rng.integers(3, 8))
    return _run([interval, 0] * int(rng.integers(2, 4)), float(rng.uniform(0.24, 0.34)))


def _single(rng: np.random.Generator) -> list[Note]:
    return [Note(0, float(rng.uniform(1, 1.6)), 0)]


def _triplet(rng: np.random.Generator) -> list[Note]:
    """Three quick equal notes, a rest, and three again."""
    step_s, rest_s = float(rng.uniform(0.12, 0.17)), float(rng.uniform(0.25, 0.4))
    return [
        Note(group * (3 * step_s + rest_s) + number * step_s, step_s * 0.8, 0)
        for group in range(2)
        for number in range(3)
    ]


def _trill(rng: np.random.Generator) -> list[Note]:
    """Two neighbouring notes in quick turn."""
    step_s, interval = float(rng.uniform(0.06, 0.085)), float(rng.integers(1, 4))
    return _run([0, interval] * int(rng.uniform(1.1, 1.6) / step_s / 2), step_s)


MELODY_NOTES: dict[str, Callable[[np.random.Generator], list[Note]]] = {
    "rising": _rising,
    "falling": _falling,
    "alternating": _alternating,
    "single": _single,
    "triplet": _triplet,
    "trill": _trill,
}
"""The function that makes the notes of each melody."""
