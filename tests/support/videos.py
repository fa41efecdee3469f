"""Small videos made by tests: each frame encodes its number as a grey level, and a tone may be the soundtrack."""

import io
from fractions import Fraction

import av
import numpy as np

STEP = 8
"""Difference of the grey levels of consecutive frames."""


def make_video(
    form: str = "mp4",
    codec: str = "mpeg4",
    *,
    frames: int = 30,
    size: tuple[int, int] = (64, 48),
    rate: int = 10,
    gop: int = 12,
    tone_hz: float | None = None,
    rotation: int = 0,
    red_top: bool = False,
    green_left: bool = False,
    aspect: Fraction | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """A video of `frames` frames, `rate` a second; `tone_hz` 0 is a silent soundtrack, None is no soundtrack."""
    width, height = size
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form, options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options={"g": str(gop)})
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        audio = None if tone_hz is None else container.add_stream("libopus" if form == "webm" else "aac", rate=48000)
        for number in range(frames):
            pixels = np.full((height, width, 3), number * STEP % 256, np.uint8)
            if red_top:
                pixels[: height // 2] = (250, 10, 10)
            if green_left:
                pixels[:, : width // 2, 1] = 250
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())
        if audio is not None:
            container.mux(audio.encode(_tone(tone_hz or 0.0, frames / rate)))
            container.mux(audio.encode())
    return buffer.getvalue()


def audio(form: str = "wav", codec: str = "pcm_s16le", *, seconds: float = 1.0, tone_hz: float = 440.0) -> bytes:
    """A tone, or silence at 0 Hz."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        stream = container.add_stream(codec, rate=48000, layout="mono")
        if seconds:
            container.mux(stream.encode(_tone(tone_hz, seconds)))
        container.mux(stream.encode())
    return buffer.getvalue()


def _tone(frequency_hz: float, seconds: float) -> av.AudioFrame:
    times = np.arange(max(1, int(48000 * seconds)))[None] / 48000
    samples = (0.3 * np.sin(2 * np.pi * frequency_hz * times)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
    frame.sample_rate = 48000
    return frame


def places(images) -> list[int]:
    """The numbers of frames in their video, by their grey levels."""
    return [round(float(np.asarray(image).mean()) / STEP) for image in images]
