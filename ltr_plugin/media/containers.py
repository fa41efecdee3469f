"""Containers of films and sounds, opened by FFmpeg so that a hostile one cannot reach out, hang, or eat the memory.

FORMATS keeps out playlists, which lead to other files and hosts. Reading ends at a deadline, and with it all searching
and probing. Pixels are bounded inside the decoders too, since a header may say less than the frames behind it turn out
to have. An MP4 is asked how many samples it says it has before FFmpeg believes it, see `_samples` and `_entries`.
"""

import contextlib
import re
from collections.abc import Iterator
from struct import unpack_from
from typing import TYPE_CHECKING

import numpy as np

from ltr_plugin.errors import MediaError
from ltr_plugin.media.reading import TimedBytes

if TYPE_CHECKING:
    from av.container import InputContainer

FORMATS = "matroska,avi,asf,flv,mpegts,mpeg,gif,ogg,wav,w64,aiff,caf,flac,mp3,aac"
"""The containers that are tried, in FFmpeg's names; and MP4 with its kin, which are known by their first box."""

MAX_PIXELS = 4096 * 2304
"""Of a frame: 4K in either form. A decoder may hold some twenty of them."""

MAX_STREAMS = 64
MAX_BOXES = 100_000

MIN_COMPLETE = 0.95
"""The share of the bytes that a container declares from which it is not broken off."""

WAVE_OPTIONS = {"probesize": str(1 << 15), "max_size": str(1 << 17)}
"""For WAVE files: in how many bytes FFmpeg looks for other sound than the header says, else for most of 12 ms; and how
many it reads at once, else so few that Python has more to do than FFmpeg."""

UNKNOWN_RIFF_SIZE = 0x7FFFF000
"""From this size on a RIFF header says nothing: it was written before the end of the recording was known."""

_FIRST = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"wide", b"free", b"skip", b"pnot", b"uuid"}
"""The boxes that an MP4 or one of its kin may begin with."""

_KNOWN = _FIRST | {b"mfra", b"meta", b"udta", b"emsg", b"prft", b"ssix", b"pdin"}
"""The boxes that stand outermost."""

_COUNTS = re.compile(rb"(?=(?:stsz.{8}|trun.{4})(.{4})|cmov)", re.DOTALL)
"""The boxes of an MP4 that say in few bytes how many samples there are: with the count, or compressed. Looked ahead
for, since the name of one may stand before another."""

_CHUNKS = re.compile(rb"(?=(stsc|stco|co64).{4}(.{4}))", re.DOTALL)
"""The boxes of an MP4 that say how many samples a chunk has, and how many chunks there are: with the entries' count."""

MAX_ENTRIES = 4_000_000
"""Of FFmpeg's index, at 24 bytes, by the largest of all chunks and the most of them; it has at least LEAST_SAMPLES of a
chunk in each."""

MIN_CHUNK_SAMPLES = 160


@contextlib.contextmanager
def open_container(source: TimedBytes) -> "Iterator[InputContainer]":
    """The container in these bytes. MediaError, or FFmpeg's own error, when there is none that can be read."""
    import av

    data = source.getvalue()
    boxes = _boxes(data)
    size = _end(boxes) if boxes else _declared_size(data)
    if len(data) < MIN_COMPLETE * size:
        raise MediaError(f"breaks off: has {len(data):,} of {size:,} bytes")
    if _samples(data, boxes) > len(data) or _entries(data, boxes) > MAX_ENTRIES:
        raise MediaError("says that it has more samples than bytes")
    options = {
        "format_whitelist": "mov" if boxes else FORMATS,
        "protocol_whitelist": "none",
        "max_pixels": str(MAX_PIXELS),
        "max_streams": str(MAX_STREAMS),
        **(WAVE_OPTIONS if data[:4] == b"RIFF" and data[8:12] == b"WAVE" else {}),
    }
    with av.open(source, "r", options=options, metadata_errors="replace") as container:
        for stream in (*container.streams.video, *container.streams.audio):
            if stream.codec_context:  # none where FFmpeg lacks the decoder
                stream.codec_context.thread_count = 1  # media are opened in as many threads as pay
                stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        yield container


def _boxes(data: bytes) -> list[tuple[bytes, int, int]]:
    """The outermost boxes of an MP4 as (kind, start, end); the last may end past the data. None in other files."""
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
    """Where the last box ends. What follows the index and is no box, such as an MP3's tag, is none of the film."""
    kind, start, end = boxes[-1]
    return start if kind not in _KNOWN and any(before == b"moov" for before, _, _ in boxes) else end


def _declared_size(data: bytes) -> int:
    """The size in bytes that a Matroska or a RIFF file says it has; 0 where it does not."""
    if data[:4] == b"RIFF":
        size = 8 + int.from_bytes(data[4:8], "little")
        return size if size < UNKNOWN_RIFF_SIZE else 0
    segment = data.find(b"\x18\x53\x80\x67", 0, 1024) + 4
    if data[:4] == b"\x1a\x45\xdf\xa3" and 4 <= segment < len(data):
        length = 9 - data[segment].bit_length()  # of the number, which its leading zeros tell
        size = int.from_bytes(data[segment : segment + length], "big") ^ (1 << 7 * length)
        return 0 if size == (1 << 7 * length) - 1 else segment + length + size  # all ones: the writer did not know
    return 0


def _samples(data: bytes, boxes: list[tuple[bytes, int, int]]) -> int:
    """How many samples an MP4 says it has, of which each would cost FFmpeg two dozen bytes of memory.

    They are counted wherever they could be written, for FFmpeg looks for them in boxes of many kinds.
    """
    count = 0
    for found in _outside_media(_COUNTS, data, boxes):
        if found[1] is None:
            raise MediaError("its header is compressed, in a form that is no longer in use")
        count += int.from_bytes(found[1], "big")
    return count


def _entries(data: bytes, boxes: list[tuple[bytes, int, int]]) -> int:
    """The most entries that an MP4's chunks could have in FFmpeg's index, where samples have none of their own."""
    samples = chunks = tables = 0
    for found in _outside_media(_CHUNKS, data, boxes):
        first, count = found.end(2), int.from_bytes(found[2], "big")
        if found[1] == b"stsc":
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
    """Where a pattern stands in the boxes that do not hold the pictures and sounds themselves."""
    for kind, start, end in boxes:
        if kind != b"mdat":
            yield from pattern.finditer(data, start, end)
