"""Random augmentation of audio, for whole batches of spectrograms: start, speed, pitch, room, microphone, noise.

Sounds add in power, a room spreads power over time, and a microphone adds decibels, so all of it is done on the
spectrogram, many times cheaper than on samples. Bands and frames are masked as in SpecAugment (Park et al. 2019,
https://arxiv.org/abs/1904.08779).
"""

import torch
from torch.nn.functional import affine_grid, conv1d, grid_sample, interpolate, pad

from ltr_plugin.encoders.audio.log_mel import FLOOR_DB, FRAMES_PER_SECOND
from ltr_plugin.encoders.training.random_tensors import normal, uniform

SPEED, PITCH_BANDS = 0.15, 1.0
"""Speed changes by up to this share, pitch by up to about a semitone: a larger change could be another product."""

MIN_CROP_RATIO = 1.17
REVERB_FRAMES = 25


def augment(crops: torch.Tensor, frames: int, generator: torch.Generator) -> torch.Tensor:
    """Decibels (n, frames, bands) from FLOOR_DB to 0: each crop with a random augmentation.

    `crops` are decibels (n, more, bands); `more` is at least MIN_CROP_RATIO * `frames`, so that faster ones suffice.
    """
    power = _power(_played(crops, frames, generator))
    power = _reverberated(power, generator)
    power = power * _power(_microphone(len(power), power.shape[2], generator))
    power = power / power.amax(dim=(1, 2), keepdim=True).clamp(min=1e-9)
    power = _mixed(power, generator) + _noise(power.shape, generator)
    decibels = 10 * power.clamp(min=1e-9).log10()
    decibels = (decibels - decibels.amax(dim=(1, 2), keepdim=True)).clamp(min=FLOOR_DB)
    return _masked(decibels, generator)


def _played(crops: torch.Tensor, frames: int, generator: torch.Generator) -> torch.Tensor:
    """Random speed, pitch and start."""
    count, more, bands = crops.shape
    length = frames / more * _between(-SPEED, SPEED, count, generator).exp().view(count)
    start = (1 - length).clamp(min=0) * _between(-1, 1, count, generator).view(count)
    shift = 2 / bands * _between(-PITCH_BANDS, PITCH_BANDS, count, generator).view(count)
    none, one = torch.zeros_like(length), torch.ones_like(length)
    maps = torch.stack([one, none, shift, none, length, start], dim=1).view(count, 2, 3)
    grid = affine_grid(maps, [count, 1, frames, bands], align_corners=False)
    played = grid_sample(crops[:, None] - FLOOR_DB, grid, padding_mode="zeros", align_corners=False)
    return played[:, 0] + FLOOR_DB


def _reverberated(power: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Adds reverberation that decays by 60 dB in 0.1 to 1 s to half of the crops."""
    count, frames, bands = power.shape
    seconds = _between(0.1, 1.0, count, generator)
    later = torch.arange(REVERB_FRAMES, device=power.device) / FRAMES_PER_SECOND
    tail = 10 ** (-6 * later / seconds.view(count, 1))
    wet = _between(0, 0.3, count, generator) * (_between(0, 1, count, generator) < 0.5)
    tail = tail * wet.view(count, 1)
    tail[:, 0] = 1
    before = pad(power.transpose(1, 2).reshape(1, count * bands, frames), (REVERB_FRAMES - 1, 0))
    kernels = tail.flip(1).repeat_interleave(bands, dim=0)[:, None]
    return conv1d(before, kernels, groups=count * bands).view(count, bands, frames).transpose(1, 2)


def _microphone(count: int, bands: int, generator: torch.Generator) -> torch.Tensor:
    """Decibels (count, 1, bands): an uneven response, sometimes without low or high bands, like a telephone."""
    uneven = 4 * normal(count, 1, 6, generator=generator)
    curve = interpolate(uneven, size=bands, mode="linear", align_corners=True)
    band = torch.arange(bands, device=generator.device).view(1, 1, bands)
    high = _between(0.5, 1.5, count, generator) * bands
    low = _between(-0.5, 0.2, count, generator) * bands
    return curve - 3 * (band - high).clamp(min=0) - 3 * (low - band).clamp(min=0)


def _mixed(power: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Adds another audio of the batch, 10 to 40 dB lower, to a third of the crops."""
    count = len(power)
    gain = 10 ** (_between(-4, -1, count, generator)) * (_between(0, 1, count, generator) < 1 / 3)
    return power + gain * power[torch.randperm(count, generator=generator, device=generator.device)]


def _noise(shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    """Steady noise of a random colour, from inaudible to 10 dB below the loudest."""
    count, frames, bands = shape
    pitch = torch.linspace(0, 1, bands, device=generator.device).view(1, 1, bands)
    colour = _between(-30, 10, count, generator) * pitch
    level = _between(-80, -10, count, generator) + colour - colour.amax(dim=2, keepdim=True)
    grain = -uniform(0, 1, count, frames, bands, generator=generator).clamp(min=1e-6).log()  # power of Gaussian noise
    return _power(level) * grain


def _masked(decibels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Masks one range of frames and one of bands in most crops."""
    count, frames, bands = decibels.shape
    for dim, size in ((1, frames), (2, bands)):
        width = _between(-0.05, 0.2, count, generator) * size
        start = _between(0, 1, count, generator) * (size - width)
        index = torch.arange(size, device=decibels.device).view((1, size, 1) if dim == 1 else (1, 1, size))
        decibels = decibels.masked_fill((index >= start) & (index < start + width), FLOOR_DB)
    return decibels


def _power(decibels: torch.Tensor) -> torch.Tensor:
    return 10 ** (decibels / 10)


def _between(low: float, high: float, count: int, generator: torch.Generator) -> torch.Tensor:
    return uniform(low, high, count, 1, 1, generator=generator)
