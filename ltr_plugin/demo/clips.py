"""Short videos of a product: a hand-held camera moves around it; with the product's sound, if it has one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from ltr_plugin.demo.outlines import Part
from ltr_plugin.demo.painting import Surface
from ltr_plugin.demo.photos import PHOTO_PX, Shot, photographs
from ltr_plugin.demo.recordings import pcm
from ltr_plugin.demo.timbres import SAMPLE_RATE_HZ, Wave

CLIP_PX = 128
FRAME_RATES = (8, 10, 12)
"""Frames a second; each clip has one of these rates."""


def render_frames(
    parts: list[Part], surface: Surface, shot: Shot, frames: int, rng: np.random.Generator, *, stands: bool
) -> Iterator[Image.Image]:
    """As many frames, RGB, CLIP_PX square. From `shot` on, the camera moves around the product, nearer or farther, and
    its view moves over the scene."""
    around = rng.uniform(0.03, 0.09) * rng.choice((-1, 1)) * np.asarray([(0, -1), (0, 1), (0, -1), (0, 1)])
    nearer, tilt = rng.uniform(-0.12, 0.12), rng.normal(0, 5)
    start, end = rng.uniform(0, 1, (2, 2))
    widths = rng.uniform(0.78, 1, 2) * PHOTO_PX
    path = np.linspace(0, 1, frames)
    shots = (
        replace(
            shot,
            corners=shot.corners + (step - 0.5) * around,
            size=shot.size * (1 + step * nearer),
            turn_degrees=shot.turn_degrees + (step - 0.5) * tilt,
            noise=0.0,
        )
        for step in path.tolist()
    )
    shake = np.cumsum(rng.normal(0, 0.008, (frames, 2)), axis=0)
    for step, hand, photo in zip(
        path, shake, photographs(parts, surface, shots, rng, stands=stands, draft=True), strict=True
    ):
        width = widths[0] + step * (widths[1] - widths[0])
        left, top = np.clip(start + step * (end - start) + hand, 0, 1) * (PHOTO_PX - width)
        view = (float(left), float(top), float(left + width), float(top + width))
        yield photo.resize((CLIP_PX, CLIP_PX), Image.Resampling.BILINEAR, box=view)


def write_clip(path: Path, frames: Sequence[Image.Image], frame_rate: int, sound: Wave | None = None) -> None:
    """Writes the video as WebM: VP8 and, with a sound at SAMPLE_RATE_HZ, Opus; browsers and every FFmpeg play these.

    The same frames give the same bytes: one thread, and no dates or random numbers in the file.
    """
    import av

    with av.open(str(path), "w", format="webm", container_options={"fflags": "+bitexact"}) as container:
        picture = container.add_stream("libvpx", rate=frame_rate, options={"deadline": "good", "cpu-used": "4"})
        picture.width = picture.height = CLIP_PX
        picture.pix_fmt = "yuv420p"
        picture.bit_rate = 220_000
        picture.codec_context.thread_count = 1
        track = container.add_stream("libopus", rate=SAMPLE_RATE_HZ, layout="mono") if sound is not None else None
        for image in frames:
            container.mux(picture.encode(av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")))
        container.mux(picture.encode())
        if track is not None and sound is not None:
            samples = av.AudioFrame.from_ndarray(pcm(sound)[None], format="s16", layout="mono")
            samples.sample_rate = SAMPLE_RATE_HZ
            samples.time_base = Fraction(1, SAMPLE_RATE_HZ)
            samples.pts = 0
            container.mux(track.encode(samples))
            container.mux(track.encode())
