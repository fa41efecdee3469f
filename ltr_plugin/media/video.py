"""Films: opened within limits, upright: frames over the whole length, a short clip for motion, and the sound track."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from ltr_plugin.errors import MediaError
from ltr_plugin.media.audio import Audio, decode_audio
from ltr_plugin.media.containers import MAX_PIXELS, open_container
from ltr_plugin.media.images import TARGET_SIDE, check_shape
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

VIDEO_FRAMES = 8
"""How many frames stand for a film: each is the middle one of an equal part of it."""

CLIP_FRAMES, CLIP_RATE_HZ, CLIP_SIDE = 16, 15, 128
"""A clip as networks for motion were trained on (Tran et al. 2018, https://arxiv.org/abs/1711.11248)."""


@dataclass(frozen=True)
class Video:
    """A film of `seconds`.

    `frames` are RGB, at most FRAMES, evenly over the length; their shorter side is SIDE pixels at most. `clip` is
    CLIP_FRAMES frames, CLIP_RATE_HZ a second, from the middle, the shorter side CLIP_SIDE at most; the last one stands
    still where the film is shorter. `soundtrack` is None where there is none that can be heard.
    """

    frames: tuple[Image.Image, ...]
    seconds: float
    soundtrack: Audio | None = None
    clip: tuple[Image.Image, ...] = ()


def open_video(root: Path, reference: str) -> Video:
    """The film of a reference (a path under `root`, or a URL); MediaError with the reason when it is unusable.

    Of a long film only the parts around what is taken from it are decoded, from one key frame on.
    """
    return decode_video(read_media(root, reference, max_bytes=MAX_BYTES))


def decode_video(data: bytes) -> Video:
    """The film in these bytes, as `open_video` gives it."""
    import av

    if not data:
        raise MediaError("empty file")
    source = TimedBytes(data, MAX_DECODING_S)
    try:
        with open_container(source) as container:
            video = _video(container, source)
            has_audio = bool(container.streams.audio)
    except MediaError:
        raise
    except (av.error.InvalidDataError, av.error.ArgumentError, av.error.EOFError):
        raise MediaError("not a video in a form that can be read, or damaged from its start") from None
    except Exception as error:  # a damaged file may make a decoder raise anything
        raise MediaError(f"damaged video: {error}") from None
    return replace(video, soundtrack=_soundtrack(data)) if has_audio else video


def _soundtrack(data: bytes) -> Audio | None:
    try:
        return decode_audio(data)
    except MediaError:  # silent or damaged: the pictures are good all the same
        return None


def _video(container: "InputContainer", source: TimedBytes) -> Video:
    stream = _stream(container)
    track = _read(container, stream)
    if not track.packets:
        raise MediaError("has no frames")
    _check_size(stream.codec_context.width, stream.codec_context.height)
    if track.seconds > MAX_SECONDS:
        raise MediaError(f"{track.seconds:,.0f} s is over the limit of {MAX_SECONDS:,.0f}")
    begin = max(0.0, (track.seconds - CLIP_FRAMES / CLIP_RATE_HZ) / 2)
    wanted = [(track.seconds * (place + 0.5) / VIDEO_FRAMES, TARGET_SIDE) for place in range(VIDEO_FRAMES)]
    wanted += [(begin + place / CLIP_RATE_HZ, CLIP_SIDE) for place in range(CLIP_FRAMES)]
    taken: dict[int, list[Image.Image]] = {TARGET_SIDE: [], CLIP_SIDE: []}
    latest: dict[int, int | None] = {}
    for side, frame in _at(sorted(wanted), track, stream.codec_context, source):
        if not taken[side] or latest[side] != frame.pts:
            taken[side].append(_upright(frame, side))
        elif side == CLIP_SIDE:  # a clip has its frames at their pace
            taken[side].append(taken[side][-1])
        latest[side] = frame.pts
    if not taken[TARGET_SIDE]:
        raise MediaError("damaged video: none of its frames can be decoded")
    return Video(tuple(taken[TARGET_SIDE]), track.seconds, None, tuple(taken[CLIP_SIDE]))


def _stream(container: "InputContainer") -> "VideoStream":
    """The moving pictures."""
    from av.stream import Disposition

    moving = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not moving:
        raise MediaError("has sound, but no pictures" if container.streams.audio else "has no pictures")
    stream = moving[0]
    if stream.codec_context is None:
        raise MediaError("its pictures are in a form that cannot be decoded")
    return stream


def _check_size(width: int, height: int) -> None:
    if not 0 < width * height <= MAX_PIXELS:  # 0 where probing for the size has met the same limit
        size = f"{width} x {height}" if width else "no known size"
        raise MediaError(f"its frames are of {size}; the limit is {MAX_PIXELS:,} pixels")
    check_shape(width, height)


@dataclass(frozen=True)
class _Track:
    """Packets still to be decoded, when each is shown (s, from `first` on), and how long all last."""

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
        pass  # what comes before can be shown
    first = min(times, default=0.0)
    seconds = max(times) - first + period if times else 0.0
    return _Track(packets, [time - first for time in times], first, seconds)


def _at(
    wanted: Sequence[tuple[float, int]], track: _Track, codec: "VideoCodecContext", source: TimedBytes
) -> "Iterator[tuple[int, VideoFrame]]":
    """For each wanted (moment, side) in order of time, the side and the frame that is seen at that moment.

    Decoding begins anew at the last key frame before a moment, unless that led to the moment before too.
    """
    keys = [place for place, packet in enumerate(track.packets) if packet.is_keyframe or not place]
    shown = [track.times[place] for place in keys]
    for key, group in groupby(wanted, lambda one: max(0, bisect_right(shown, one[0]) - 1)):
        codec.flush_buffers()
        frames = _decoded(codec, track.packets[keys[key] :], source)
        seen, upcoming = next(frames, None), next(frames, None)
        for moment, side in group:
            while upcoming and _time(upcoming) - track.first <= moment:
                seen, upcoming = upcoming, next(frames, None)
            if seen:
                yield side, seen


def _decoded(
    codec: "VideoCodecContext", packets: "Sequence[Packet[VideoStream]]", source: TimedBytes
) -> "Iterator[VideoFrame]":
    """What can be decoded, in time; a packet that cannot, damaged or of too many pixels, is left out."""
    import av

    for packet in (*packets, None):
        source.check()
        try:
            frames = codec.decode(packet)
        except (av.error.InvalidDataError, av.error.ArgumentError):
            continue
        yield from frames


def _time(shown: "Packet[VideoStream] | VideoFrame") -> float:
    """When it is shown, by the container's clock (s); 0 where no time is stamped on it."""
    stamp = shown.dts if shown.pts is None else shown.pts
    return 0.0 if stamp is None or shown.time_base is None else float(stamp * shown.time_base)


def _upright(frame: "VideoFrame", side: int) -> Image.Image:
    """The frame as it is meant to be seen, RGB, its shorter side no longer than `side`."""
    from av.video.reformatter import Interpolation

    check_shape(frame.width, frame.height)  # which may change from frame to frame
    scale = min(1.0, side / min(frame.width, frame.height))
    width, height = round(frame.width * scale), round(frame.height * scale)
    pixels = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation=Interpolation.AREA)
    image = Image.fromarray(pixels)
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image
