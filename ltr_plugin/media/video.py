"""Videos: opened within limits, turned upright; frames over the whole length, a clip for motion, and the soundtrack."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ltr_plugin.errors import MediaError
from ltr_plugin.media.audio import Audio, decode_audio
from ltr_plugin.media.containers import MAX_PIXELS, open_container
from ltr_plugin.media.images import TARGET_SIDE, check_shape
from ltr_plugin.media.memory import DECODING
from ltr_plugin.media.reading import TimedBytes, read_media

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

MAX_BYTES = 100 << 20
MAX_SECONDS = 3600.0
MAX_DECODING_S = 30.0
MAX_FRAMES = 250_000

BYTES_PER_PIXEL = 60
"""Memory of each pixel of a frame's size: a decoder may hold about twenty frames of three bytes."""

VIDEO_FRAMES = 8
"""Frames taken from a video: the middle one of each of so many equal parts."""

CLIP_FRAMES, CLIP_RATE_HZ, CLIP_SIDE = 16, 15, 128
"""A clip like those that motion networks were trained on (Tran et al. 2018, https://arxiv.org/abs/1711.11248)."""


@dataclass(frozen=True)
class Video:
    """A video of `seconds`.

    `frames` are RGB, at most VIDEO_FRAMES, evenly over the length, with a shorter side of at most TARGET_SIDE pixels.
    `clip` has CLIP_FRAMES frames from the middle, at CLIP_RATE_HZ, with a shorter side of at most CLIP_SIDE pixels; the
    last frame is repeated if the video is shorter. `soundtrack` is None if there is no audible one.
    """

    frames: tuple[Image.Image, ...]
    seconds: float
    soundtrack: Audio | None = None
    clip: tuple[Image.Image, ...] = ()


def open_video(root: Path, reference: str) -> Video:
    """The video of a reference (a path under `root`, or a URL); MediaError with the reason when it is unusable.

    Only the frames that are taken are decoded, each with the frames since the key frame before it.
    """
    return decode_video(read_media(root, reference, max_bytes=MAX_BYTES))


def decode_video(data: bytes) -> Video:
    """The video in these bytes, as `open_video` gives it."""
    import av

    if not data:
        raise MediaError("empty file")
    source = TimedBytes(data, MAX_DECODING_S)
    try:
        with open_container(source) as container:
            stream = _stream(container)
            with DECODING.reserve(BYTES_PER_PIXEL * stream.codec_context.width * stream.codec_context.height):
                source.restart()
                video = _video(container, stream, source)
            has_audio = bool(container.streams.audio)
    except MediaError:
        raise
    except (av.error.InvalidDataError, av.error.ArgumentError, av.error.EOFError):
        raise MediaError("not a video in a readable format, or damaged at its start") from None
    except Exception as error:  # a damaged file may make a decoder raise anything
        raise MediaError(f"damaged video: {error}") from None
    return replace(video, soundtrack=_soundtrack(data)) if has_audio else video


def _soundtrack(data: bytes) -> Audio | None:
    try:
        return decode_audio(data)
    except MediaError:  # silent or damaged; the frames are still good
        return None


def _video(container: "InputContainer", stream: "VideoStream", source: TimedBytes) -> Video:
    aspect = float(stream.sample_aspect_ratio or 1)
    track = _read(container, stream)
    if not track.packets:
        raise MediaError("has no frames")
    _check_size(stream.codec_context.width, stream.codec_context.height)
    if track.seconds > MAX_SECONDS:
        raise MediaError(f"{track.seconds:,.0f} s is over the limit of {MAX_SECONDS:,.0f}")
    clip_start = max(0.0, (track.seconds - CLIP_FRAMES / CLIP_RATE_HZ) / 2)
    wanted = [(track.seconds * (number + 0.5) / VIDEO_FRAMES, TARGET_SIDE) for number in range(VIDEO_FRAMES)]
    wanted += [(clip_start + number / CLIP_RATE_HZ, CLIP_SIDE) for number in range(CLIP_FRAMES)]
    images: dict[int, list[Image.Image]] = {TARGET_SIDE: [], CLIP_SIDE: []}
    latest: dict[int, int | None] = {}
    for side, frame in _at(sorted(wanted), track, stream.codec_context, source):
        if not images[side] or latest[side] != frame.pts:
            images[side].append(_upright(frame, side, aspect))
        elif side == CLIP_SIDE:  # a clip repeats frames to keep its rate
            images[side].append(images[side][-1])
        latest[side] = frame.pts
    if not images[TARGET_SIDE]:
        raise MediaError("damaged video: none of its frames can be decoded")
    return Video(tuple(images[TARGET_SIDE]), track.seconds, None, tuple(images[CLIP_SIDE]))


def _stream(container: "InputContainer") -> "VideoStream":
    """The first video track that is no cover picture."""
    from av.stream import Disposition

    moving = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not moving:
        raise MediaError("has an audio track, but no video track" if container.streams.audio else "has no video track")
    stream = moving[0]
    if stream.codec_context is None:
        raise MediaError("its video track is in a format that cannot be decoded")
    return stream


def _check_size(width: int, height: int) -> None:
    if not 0 < width * height <= MAX_PIXELS:  # 0 if FFmpeg met the same limit when probing
        size = f"{width} x {height}" if width else "of unknown size"
        raise MediaError(f"its frames are {size}; the limit is {MAX_PIXELS:,} pixels")
    check_shape(width, height)


@dataclass(frozen=True)
class _Track:
    """Packets to decode, their times (s) relative to `first`, and the length in seconds."""

    packets: "Sequence[Packet[VideoStream]]"
    times: Sequence[float]
    first: float
    seconds: float


def _read(container: "InputContainer", stream: "VideoStream") -> _Track:
    import av

    packets: list[Packet[VideoStream]] = []
    times: list[float] = []
    period = 1 / float(stream.average_rate or 25)
    try:
        for packet in container.demux(stream):
            if packet.size:
                packets.append(packet)
                times.append(_time(packet))
            if len(packets) > MAX_FRAMES:
                raise MediaError(f"has more than {MAX_FRAMES:,} frames")
    except av.error.InvalidDataError:
        pass  # the packets before it are usable
    first = min(times, default=0.0)
    seconds = max(times) - first + period if times else 0.0
    return _Track(packets, [time - first for time in times], first, seconds)


def _at(
    wanted: Sequence[tuple[float, int]], track: _Track, codec: "VideoCodecContext", source: TimedBytes
) -> "Iterator[tuple[int, VideoFrame]]":
    """For each wanted (time, side), in order of time, the side and the frame that is shown at that time.

    Decoding starts at the last key frame before a time; times with the same key frame are decoded together.
    """
    keys = [number for number, packet in enumerate(track.packets) if packet.is_keyframe or not number]
    key_times = [track.times[number] for number in keys]
    for key, group in groupby(wanted, lambda item: max(0, bisect_right(key_times, item[0]) - 1)):
        codec.flush_buffers()
        frames = _decoded(codec, track.packets[keys[key] :], source)
        current, following = next(frames, None), next(frames, None)
        for time, side in group:
            while following and _time(following) - track.first <= time:
                current, following = following, next(frames, None)
            if current:
                yield side, current


def _decoded(
    codec: "VideoCodecContext", packets: "Sequence[Packet[VideoStream]]", source: TimedBytes
) -> "Iterator[VideoFrame]":
    """The frames that can be decoded within the time limit; packets that are damaged or too large are skipped."""
    import av

    for packet in (*packets, None):
        source.check()
        try:
            frames = codec.decode(packet)
        except (av.error.InvalidDataError, av.error.ArgumentError):
            continue
        yield from frames


def _time(shown: "Packet[VideoStream] | VideoFrame") -> float:
    """Presentation time in the container's clock (s); 0 if it has none."""
    stamp = shown.dts if shown.pts is None else shown.pts
    return 0.0 if stamp is None or shown.time_base is None else float(stamp * shown.time_base)


def _upright(frame: "VideoFrame", side: int, aspect: float) -> Image.Image:
    """The frame as it is shown, RGB, with a shorter side of at most `side` pixels. Its pixels are `aspect` times as
    wide as high."""
    from av.video.reformatter import Interpolation

    shown_width = max(1, round(frame.width * aspect))
    check_shape(shown_width, frame.height)  # it may change from frame to frame
    scale = min(1.0, side / min(shown_width, frame.height))
    width, height = max(1, round(shown_width * scale)), max(1, round(frame.height * scale))
    pixels = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation=Interpolation.AREA)
    return _displayed(Image.fromarray(pixels), frame)


def _displayed(image: Image.Image, frame: "VideoFrame") -> Image.Image:
    """The image mirrored and turned by the frame's display matrix, to the degree; corners that this makes are white.

    The matrix maps (x, y) to (a x + c y, b x + d y), with y down: FFmpeg's libavutil/display.h.
    """
    side_data: Any = frame.side_data.get("DISPLAYMATRIX")
    if side_data is None:
        return image
    a, b, _, c, d, *_ = np.frombuffer(bytes(side_data), "=i4").tolist()
    if a * d < b * c:
        image, a, b = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), -a, -b
    angle = round(math.degrees(math.atan2(b, a)))
    return image.rotate(-angle, Image.Resampling.BILINEAR, expand=True, fillcolor="white") if angle else image
