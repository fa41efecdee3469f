"""Recordings of a product's sound: by the shop, close to the product, and by customers' telephones in any room."""

import wave as wav
from pathlib import Path

import numpy as np

from ltr_plugin.demo.melodies import perform
from ltr_plugin.demo.timbres import SAMPLE_RATE_HZ, Wave


def shop_recording(timbre: str, melody: str, rng: np.random.Generator) -> Wave:
    """A clean recording: a small room, little noise. Float32 samples at SAMPLE_RATE_HZ, 1 to 2.5 seconds."""
    sound = _in_room(perform(timbre, melody, rng), rng.uniform(0.08, 0.25), rng.uniform(0.05, 0.2), rng)
    sound = _band(sound, rng.uniform(40, 120), rng.uniform(5500, 7800))
    return _levelled(_with_noise(sound, rng.uniform(28, 42), rng), rng.uniform(0.5, 0.9))


def customer_recording(timbre: str, melody: str, rng: np.random.Generator) -> Wave:
    """A recording by a telephone: with echo, background noise and a narrow band; it may start late or end early.
    Float32 samples at SAMPLE_RATE_HZ, 0.9 to 2.5 seconds."""
    sound = _in_room(perform(timbre, melody, rng), rng.uniform(0.15, 0.5), rng.uniform(0.15, 0.5), rng)
    late = int(rng.uniform(-0.04, 0.2) * SAMPLE_RATE_HZ)
    sound = np.pad(sound, (late, 0)) if late > 0 else sound[-late:]
    sound = _with_noise(sound[: int(rng.uniform(1.1, 2.5) * SAMPLE_RATE_HZ)], rng.uniform(4, 20), rng)
    return _levelled(_band(sound, rng.uniform(120, 350), rng.uniform(3000, 6500)), 0.9 * 10 ** -rng.uniform(0, 0.9))


def write_wav(path: Path, samples: Wave) -> None:
    """Writes mono 16-bit WAV at SAMPLE_RATE_HZ; samples are from -1 to 1."""
    with wav.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        out.writeframes(pcm(samples).tobytes())


def pcm(samples: Wave) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Samples from -1 to 1 as little-endian 16-bit integers."""
    return (np.clip(samples, -1, 1) * 32767).astype("<i2")


def _in_room(sound: Wave, echo_s: float, wet: float, rng: np.random.Generator) -> Wave:
    """The sound with the echo of a room: noise that decays within `echo_s` seconds (to 1/e in a third of that)."""
    t = np.arange(int(echo_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    echo = rng.standard_normal(len(t)) * np.exp(-3 * t / echo_s)
    size = _fast_size(len(sound) + len(echo))
    heard = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(echo, size), size)[: len(sound)]
    return (1 - wet) * sound + wet * heard * _loudness(sound) / max(_loudness(heard), 1e-9)


def _band(sound: Wave, low_hz: float, high_hz: float) -> Wave:
    """The sound through a band-pass filter with soft slopes, as of a microphone."""
    size = _fast_size(len(sound))
    frequency = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ) + 1e-6
    passed = 1 / np.sqrt((1 + (low_hz / frequency) ** 4) * (1 + (frequency / high_hz) ** 8))
    return np.asarray(np.fft.irfft(np.fft.rfft(sound, size) * passed, size)[: len(sound)])


def _with_noise(sound: Wave, signal_to_noise_db: float, rng: np.random.Generator) -> Wave:
    """The sound with the noise of a room: pink noise whose level changes slowly, with mains hum."""
    size = _fast_size(len(sound))
    spectrum = np.fft.rfft(rng.standard_normal(size)) / np.sqrt(np.arange(size // 2 + 1) + 20)
    noise = np.fft.irfft(spectrum, size)[: len(sound)]
    t = np.arange(len(sound)) / SAMPLE_RATE_HZ
    noise *= 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.3, 2) * t + rng.uniform(0, 6))
    hum = np.sin(2 * np.pi * 100 * t) * rng.uniform(0, 0.5) * _loudness(noise)
    noise = noise + hum
    return sound + noise * _loudness(sound) / _loudness(noise) * 10 ** (-signal_to_noise_db / 20)


def _levelled(sound: Wave, peak: float) -> Wave:
    return np.asarray(sound * (peak / max(float(np.abs(sound).max()), 1e-9)), np.float32)


def _loudness(sound: Wave) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def _fast_size(length: int) -> int:
    """The next multiple of 2048: its factors make the Fourier transform fast."""
    return -(-length // 2048) * 2048
