"""Containers of video and audio, opened by FFmpeg (PyAV) so that a hostile file cannot reach out, hang, or fill memory.

FORMATS excludes playlists, which lead to other files and hosts. Reading ends at a deadline, and with it all seeking and
probing. Pixels are limited inside the decoders too, because frames may be larger than the header says. The numbers of
samples that an MP4 declares are checked before FFmpeg allocates memory for them: see `_samples` and `_entries`.
"""

import contextlib
import re
from collections.abc import Iterator
from struct import unpack_from
from typing import TYPE_CHECKING, Any

import numpy as np

from ltr_plugin.errors import MediaError
from ltr_plugin.media.reading import TimedBytes

if TYPE_CHECKING:
    from av.container import InputContainer

FORMATS = "matroska,avi,asf,flv,mpegts,mpeg,gif,ogg,wav,w64,aiff,caf,flac,mp3,aac"
"""The containers that are tried, by FFmpeg's names. MP4 and related formats are recognised by their first box."""

MAX_PIXELS = 4096 * 2304
"""Maximum of a frame: 4K in either format. A decoder may hold about twenty frames."""

MAX_STREAMS = 64
MAX_BOXES = 100_000

MIN_COMPLETE = 0.95
"""A container with at least this share of its declared bytes is complete."""

WAVE_OPTIONS = {"probesize": str(1 << 15), "max_size": str(1 << 17)}
"""FFmpeg's options for WAVE files: bytes in which it looks for another codec than the header says (the default takes 12
ms), and bytes that it reads at once (with the default, calls into Python take longer than decoding)."""

UNKNOWN_RIFF_SIZE = 0x7FFFF000
"""A RIFF header with at least this size was written before the length of the recording was known."""

_FIRST = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"wide", b"free", b"skip", b"pnot", b"uuid"}
"""The boxes with which an MP4 or a related format may begin."""

_KNOWN = _FIRST | {b"mfra", b"meta", b"udta", b"emsg", b"prft", b"ssix", b"pdin"}
"""The boxes of the top level."""

_COUNTS = re.compile(rb"(?=(?:stsz.{8}|trun.{4})(.{4})|cmov)", re.DOTALL)
"""The boxes of an MP4 that declare many samples in few bytes: by a count, or compressed. A lookahead, because matches
may overlap."""

_CHUNKS = re.compile(rb"(?=(stsc|stco|co64).{4}(.{4}))", re.DOTALL)
"""The boxes of an MP4 that declare the samples of a chunk, and the number of chunks, with their number of entries."""

MAX_ENTRIES = 4_000_000
"""Maximum entries of FFmpeg's index (24 bytes each), estimated by the largest chunk and the number of chunks; an entry
holds at least MIN_CHUNK_SAMPLES samples of a chunk."""

MIN_CHUNK_SAMPLES = 160


@contextlib.contextmanager
def open_container(source: TimedBytes) -> "Iterator[InputContainer]":
    """The container in these bytes. MediaError, or FFmpeg's own error, when it is unusable."""
    import av

    data = source.getvalue()
    boxes = _boxes(data)
    size = _end(boxes) if boxes else _declared_size(data)
    if len(data) < MIN_COMPLETE * size:
        raise MediaError(f"breaks off: has {len(data):,} of {size:,} bytes")
    if _samples(data, boxes) > len(data) or _entries(data, boxes) > MAX_ENTRIES:
        raise MediaError("declares more samples than it has bytes")
    options = {
        "format_whitelist": "mov" if boxes else FORMATS,
        "protocol_whitelist": "none",
        "max_pixels": str(MAX_PIXELS),
        "max_streams": str(MAX_STREAMS),
        **(WAVE_OPTIONS if data[:4] == b"RIFF" and data[8:12] == b"WAVE" else {}),
    }
    # before PyAV 19, metadata that is no UTF-8 raises unless told otherwise; since then it never does
    replace: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
    with av.open(source, "r", options=options, **replace) as container:
        for stream in (*container.streams.video, *container.streams.audio):
            if stream.codec_context:  # None if FFmpeg lacks the decoder
                stream.codec_context.thread_count = 1  # media are opened in parallel already
                stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        yield container


def _boxes(data: bytes) -> list[tuple[bytes, int, int]]:
    """The top-level boxes of an MP4 as (kind, start, end); the last may end past the data. Empty for other files."""
    boxes = []
    start = 0 if data[4:8] in _FIRST else len(data)
    while start + 8 <= len(data):
        size, kind = unpack_from(">I4s", data, start)
        if size == 1 and start + 16 <= len(data):
            (size,) = unpack_from(">Q", data, start + 8)
        end = start + size if size >= 8 else len(data)
        boxes.append((kind, start, end))
        if len(boxes) > MAX_BOXES:
            raise MediaError(f"has more than {MAX_BOXES:,} boxes")
        start = end
    return boxes


def _end(boxes: list[tuple[bytes, int, int]]) -> int:
    """Where the last box ends. Data after the index that is no box, such as a tag, does not belong to the video."""
    kind, start, end = boxes[-1]
    return start if kind not in _KNOWN and any(before == b"moov" for before, _, _ in boxes) else end


def _declared_size(data: bytes) -> int:
    """The size in bytes that a Matroska or RIFF file declares; 0 if it declares none."""
    if data[:4] == b"RIFF":
        size = 8 + int.from_bytes(data[4:8], "little")
        return size if size < UNKNOWN_RIFF_SIZE else 0
    segment = data.find(b"\x18\x53\x80\x67", 0, 1024) + 4
    if data[:4] == b"\x1a\x45\xdf\xa3" and 4 <= segment < len(data):
        length = 9 - data[segment].bit_length()  # bytes of the size, by its leading zeros
        size = int.from_bytes(data[segment : segment + length], "big") ^ (1 << 7 * length)
        return 0 if size == (1 << 7 * length) - 1 else segment + length + size  # all ones: unknown to the writer
    return 0


def _samples(data: bytes, boxes: list[tuple[bytes, int, int]]) -> int:
    """The number of samples that an MP4 declares; each would take 24 bytes of FFmpeg's memory.

    They are counted anywhere outside the media data, because FFmpeg looks for them in boxes of many kinds.
    """
    count = 0
    for match in _outside_media(_COUNTS, data, boxes):
        if match[1] is None:
            raise MediaError("its header is compressed, in a format that is no longer in use")
        count += int.from_bytes(match[1], "big")
    return count


def _entries(data: bytes, boxes: list[tuple[bytes, int, int]]) -> int:
    """The maximum entries of an MP4's chunks in FFmpeg's index, if samples have no entries of their own."""
    samples = chunks = tables = 0
    for match in _outside_media(_CHUNKS, data, boxes):
        first, count = match.end(2), int.from_bytes(match[2], "big")
        if match[1] == b"stsc":
            tables += 1
            if tables > 2 * MAX_STREAMS:
                raise MediaError(f"has more than {2 * MAX_STREAMS} tables of chunks")
            runs = np.frombuffer(data, ">u4", 3 * min(count, (len(data) - first) // 12), first)
            samples = max(samples, int(runs[1::3].max(initial=0)))
        else:
            chunks = max(chunks, min(count, (len(data) - first) // 4))
    return samples * chunks // MIN_CHUNK_SAMPLES


def _outside_media(
    pattern: "re.Pattern[bytes]", data: bytes, boxes: list[tuple[bytes, int, int]]
) -> "Iterator[re.Match[bytes]]":
    """Matches of a pattern in all boxes but the media data."""
    for kind, start, end in boxes:
        if kind != b"mdat":
            yield from pattern.finditer(data, start, end)
