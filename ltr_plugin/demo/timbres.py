"""Timbres: a single note of each is a sum of partials and noise.

Bars, bells and membranes have the partials of their physics (Fletcher and Rossing, The Physics of Musical Instruments);
voices have the formants of vowels. Two instruments of one timbre differ slightly, as they do in a shop.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
Wave = NDArray[np.floating[Any]]
"""Mono samples at SAMPLE_RATE_HZ; about -1 to 1."""
Instrument = Callable[[float, float], Wave]
"""Plays a pitch in hertz for some seconds; an instrument that rings makes the wave longer."""

_HIGHEST_HZ = 7000
_LONGEST_RING_S = 1.1
_VOWELS = ((730, 1090, 2440), (570, 840, 2410), (300, 870, 2240), (530, 1840, 2480))
"""Formants in hertz of ah, oh, oo and eh."""


def _times(seconds: float) -> Wave:
    return np.arange(max(1, int(seconds * SAMPLE_RATE_HZ)), dtype=np.float32) / SAMPLE_RATE_HZ


def _swell(seconds: float, attack_s: float, release_s: float) -> Wave:
    """The loudness of a blown or sung note: it rises, stays and falls within the given seconds."""
    t = _times(seconds)
    return np.asarray(np.clip(np.minimum(t / attack_s, (t[-1] - t) / release_s), 0, 1))


def _struck(partials: Sequence[tuple[float, float, float]], knock: float, rng: np.random.Generator) -> Instrument:
    """A struck or plucked instrument that rings: each partial is (ratio to the pitch, level, seconds to fall to 1/e),
    `knock` is the level of the hammer's noise."""
    stretch = rng.normal(1, 0.004, len(partials))
    ring_s = min(_LONGEST_RING_S, 5 * max(fall_s for _, _, fall_s in partials))

    def play(hz: float, seconds: float) -> Wave:
        t = _times(max(seconds, ring_s))
        wave = knock * np.exp(-t / 0.006) * rng.standard_normal(len(t), dtype=np.float32)
        for (ratio, level, fall_s), detune in zip(partials, stretch, strict=True):
            if hz * ratio < _HIGHEST_HZ:
                turns = np.float32(2 * np.pi * hz * ratio * detune)
                wave += level * np.exp(-t / np.float32(fall_s)) * np.sin(turns * t)
        return np.asarray(wave * np.clip((t[-1] - t) / 0.02, 0, 1))

    return play


def _harmonics(pitch_hz: Wave, levels: Callable[[Wave], Wave], count: int) -> Wave:
    """A tone of varying pitch with `count` harmonics; `levels` gives the level of a harmonic from its frequencies."""
    phase = 2 * np.pi * np.cumsum(pitch_hz, dtype=np.float64) / SAMPLE_RATE_HZ
    wave = np.zeros(len(pitch_hz))
    for number in range(1, count + 1):
        frequency = number * pitch_hz
        if frequency.max() > _HIGHEST_HZ:
            break
        wave += levels(frequency) * np.sin(number * phase)
    return wave


def _vibrato(t: Wave, depth: float, rng: np.random.Generator) -> Wave:
    swing: Wave = 1 + depth * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * t + rng.uniform(0, 6))
    return swing


def _bell(rng: np.random.Generator) -> Instrument:
    """Hum, prime, minor third, fifth and nominal of a cast bell, and higher partials."""
    ring = rng.uniform(0.25, 0.6)
    modes = ((0.5, 0.5, 1.0), (1, 0.8, 0.9), (1.19, 0.6, 0.6), (1.5, 0.35, 0.5), (2, 0.9, 0.5), (2.51, 0.4, 0.3))
    above = ((2.66, 0.35, 0.25), (3.01, 0.4, 0.2), (4.17, 0.3, 0.13), (5.43, 0.2, 0.08))
    bright = rng.uniform(0.5, 1.3)
    lower = [(ratio, level, fall * ring) for ratio, level, fall in modes]
    return _struck([*lower, *((ratio, level * bright, fall * ring) for ratio, level, fall in above)], 0.3, rng)


def _chime(rng: np.random.Generator) -> Instrument:
    """A tuned bar with a resonator (1 : 4 : 10), with the slow tremolo of a vibraphone."""
    ring, beat_hz, depth = rng.uniform(0.3, 0.7), rng.uniform(4, 7), rng.uniform(0.15, 0.5)
    bar = _struck([(1, 1, ring), (4, rng.uniform(0.1, 0.3), ring * 0.3), (9.9, 0.1, 0.03)], 0.03, rng)

    def play(hz: float, seconds: float) -> Wave:
        wave = bar(hz, seconds)
        t = np.arange(len(wave)) / SAMPLE_RATE_HZ
        return np.asarray(wave * (1 - depth / 2 + depth / 2 * np.cos(2 * np.pi * beat_hz * t)))

    return play


def _celesta(rng: np.random.Generator) -> Instrument:
    """The free bars of a music box's comb: high, short, with the click of the pin."""
    ring = rng.uniform(0.08, 0.22)
    return _struck([(1, 1, ring), (2.76, 0.35, ring * 0.5), (5.4, 0.25, ring * 0.25)], rng.uniform(0.2, 0.6), rng)


def _plucked(rng: np.random.Generator) -> Instrument:
    """A stiff string: harmonics by the position of the pluck; higher ones decay faster."""
    ring, place, stiffness = rng.uniform(0.25, 0.6), rng.uniform(0.12, 0.4), rng.uniform(0, 0.0004)
    string = [
        (k * np.sqrt(1 + stiffness * k * k), 1.6 * abs(np.sin(np.pi * k * place)) / k, ring / (1 + 0.25 * (k - 1)))
        for k in range(1, 15)
    ]
    return _struck(string, 0.06, rng)


def _drum(rng: np.random.Generator) -> Instrument:
    """A membrane: Bessel modes, a pitch that drops after the stroke, and the noise of the skin."""
    fall, skin, drop = rng.uniform(0.06, 0.16), rng.uniform(0.2, 0.6), rng.uniform(0.1, 0.4)
    modes = ((1, 1.0), (1.59, 0.6), (2.14, 0.4), (2.3, 0.3), (2.65, 0.25), (2.92, 0.2))

    def play(hz: float, _: float) -> Wave:
        t = _times(5 * fall)
        turns = 2 * np.pi * hz * (t + drop * 0.03 * (1 - np.exp(-t / 0.03)))
        wave = sum(level * np.exp(-t * ratio / fall) * np.sin(ratio * turns) for ratio, level in modes)
        hiss = np.convolve(rng.standard_normal(len(t)), np.full(4, 0.25), "same")
        return np.asarray(wave + 2 * skin * np.exp(-t / 0.025) * hiss)

    return play


def _flute(rng: np.random.Generator) -> Instrument:
    """An open pipe: few harmonics, vibrato, and breath."""
    breath, second, attack_s = rng.uniform(0.05, 0.3), rng.uniform(0.1, 0.6), rng.uniform(0.02, 0.06)

    def play(hz: float, seconds: float) -> Wave:
        t = _times(seconds)
        wave = _harmonics(hz * _vibrato(t, 0.006, rng), lambda f: second ** (f / hz - 1), 5)
        air = np.convolve(rng.standard_normal(len(t)), np.hanning(5) / 2, "same")
        return (wave + breath * air) * _swell(seconds, attack_s, 0.03)

    return play


def _voice(rng: np.random.Generator) -> Instrument:
    """A sung vowel: a buzz from the throat, shaped by three formants."""
    formants = np.asarray(_VOWELS[rng.integers(len(_VOWELS))]) * rng.uniform(0.95, 1.2)

    def shape(frequency: Wave) -> Wave:
        level = 0.012 + sum(
            weight / (1 + ((frequency - formant) / (0.08 * formant + 40)) ** 2)
            for formant, weight in zip(formants, (1, 0.5, 0.25), strict=True)
        )
        return np.asarray(level)

    def play(hz: float, seconds: float) -> Wave:
        wave = _harmonics(hz * _vibrato(_times(seconds), 0.012, rng), shape, 24)
        return wave * _swell(seconds, 0.04, 0.05)

    return play


def _buzzer(rng: np.random.Generator) -> Instrument:
    """A clapper against a plate: odd harmonics, interrupted by the rattle."""
    rattle_hz, depth = rng.uniform(18, 45), rng.uniform(0.4, 0.95)

    def play(hz: float, seconds: float) -> Wave:
        t = _times(seconds)
        wave = sum(np.sin(2 * np.pi * k * hz * t) / k**0.8 for k in range(1, 20, 2) if k * hz < _HIGHEST_HZ)
        cut = 1 - depth * (np.sin(2 * np.pi * rattle_hz * t) > 0)
        grit = 0.1 * rng.standard_normal(len(t))
        return np.asarray((wave + grit) * cut) * _swell(seconds, 0.004, 0.01)

    return play


def _siren(rng: np.random.Generator) -> Instrument:
    """A bright tone that wails up and down within its note."""
    wail_hz, depth, softness = rng.uniform(2.5, 7), rng.uniform(0.15, 0.4), rng.uniform(1, 1.8)

    def play(hz: float, seconds: float) -> Wave:
        t = _times(seconds)
        swing = np.abs((t * wail_hz) % 1 * 2 - 1) * 2 - 1
        wave = _harmonics(hz * 2 ** (-depth * swing), lambda f: (hz / f) ** softness, 10)
        return wave * _swell(seconds, 0.01, 0.02)

    return play


def _bird(rng: np.random.Generator) -> Instrument:
    """A row of chirps: whistles that slide quickly."""
    chirp_s, slide, overtone = (
        rng.uniform(0.045, 0.1),
        rng.uniform(0.15, 0.4) * rng.choice((-1, 1)),
        rng.uniform(0, 0.3),
    )

    def play(hz: float, seconds: float) -> Wave:
        count = max(1, round(seconds / (chirp_s * 1.4)))
        t = _times(seconds / count)
        share = np.clip(t / (0.75 * t[-1]), 0, 1)
        pitch = np.asarray(hz * 2 ** (slide * (share - 0.5) + 0.08 * np.sin(2 * np.pi * 28 * t)))
        chirp = _harmonics(pitch, lambda f: np.where(f > 1.6 * hz, overtone, 1.0), 2) * np.sqrt(share * (1 - share)) * 2
        return np.tile(chirp, count)

    return play


INSTRUMENTS: dict[str, tuple[Callable[[np.random.Generator], Instrument], tuple[float, float]]] = {
    "bell": (_bell, (350, 900)),
    "chime": (_chime, (330, 900)),
    "celesta": (_celesta, (900, 2000)),
    "plucked": (_plucked, (130, 420)),
    "drum": (_drum, (80, 220)),
    "flute": (_flute, (450, 1100)),
    "voice": (_voice, (130, 380)),
    "buzzer": (_buzzer, (120, 380)),
    "siren": (_siren, (450, 1000)),
    "bird": (_bird, (1800, 3000)),
}
"""By timbre, the function that makes an instrument, and the lowest and highest pitch in hertz."""
