"""Small files that would fill the memory or a day, decoded in a process whose memory is counted."""

import io
import json
import struct
import subprocess
import sys
import zlib

import pytest
from PIL import Image
from videos import audio, make_video

ENOUGH_MB = 250
"""For one photo of the largest size allowed."""

DECODE = """
import json, re, sys, time
from pathlib import Path
from ltr_plugin.errors import MediaError
from ltr_plugin.media import images, video
from ltr_plugin.media.openers import DECODERS

def memory_mb(kind):
    return int(re.search(kind + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) >> 10

images.MAX_DECODING_S = video.MAX_DECODING_S = 1.0
modality, path = sys.argv[1:]
data = Path(path).read_bytes()
before, began, reason = memory_mb("VmRSS"), time.monotonic(), ""
try:
    DECODERS[modality](data)
except MediaError as error:
    reason = str(error)
took, grown = time.monotonic() - began, memory_mb("VmHWM") - before
print(json.dumps({"reason": reason, "seconds": took, "grown_mb": grown}))
"""


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of these chunks."""
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (header, *chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_of_zeros(width: int, height: int) -> bytes:
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + 3 * width)) for _ in range(height))
    return png(width, height, (b"IDAT", rows + packer.flush()))


def gif_frame_beyond_its_screen() -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    return head + b"," + struct.pack("<HHHHB", 0, 0, 60000, 60000, 0) + b"\2\2D\1\0;"


def webp_animation(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)

    def number(value: int) -> bytes:
        return struct.pack("<I", value)[:3]

    still = saved(Image.new("RGB", (16, 16)), "WEBP", lossless=True)[12:]
    frame = bytes(6) + number(15) + number(15) + bytes(4) + still
    size = b"\2\0\0\0" + number(width - 1) + number(height - 1)
    body = b"WEBP" + chunk(b"VP8X", size) + chunk(b"ANIM", bytes(6)) + chunk(b"ANMF", frame)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_of_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan, some 75 bytes that touch every pixel, comes again and again."""
    data = saved(Image.new("L", (2500, 2500), 100), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


def tiff_of(width: int, height: int) -> bytes:
    data = saved(Image.new("L", (300, 260)), "TIFF", compression="tiff_deflate")
    for tag, old, new in ((256, 300, width), (257, 260, height)):
        entry = struct.pack("<HHI", tag, 3, 1) + struct.pack("<HH", old, 0)
        long_entry = struct.pack("<HHI", tag, 4, 1) + struct.pack("<I", old)
        assert data.count(entry) + data.count(long_entry) == 1
        better = struct.pack("<HHII", tag, 4, 1, new)
        data = data.replace(entry, better).replace(long_entry, better)
    return data


def counted(data: bytes, box: bytes, **at: int) -> bytes:
    """An MP4 with numbers in a box written over: `at4=7` writes 7 four bytes behind its name."""
    for where, number in at.items():
        place = data.index(box) + len(box) + int(where[2:])
        data = data[:place] + struct.pack(">I", number) + data[place + 4 :]
    return data


def hidden(data: bytes) -> bytes:
    """An MP4 in which the name of a box of counts stands in another box, just before it."""
    place, decoy = data.index(b"stsz") - 4, b"\0\0\0\x0cfreestsz"
    for box in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        at = data.index(box) - 4
        data = data[:at] + struct.pack(">I", int.from_bytes(data[at : at + 4], "big") + len(decoy)) + data[at + 4 :]
    return data[:place] + decoy + data[place:]


@pytest.mark.parametrize(
    ("modality", "data", "reason"),
    [
        ("image", lambda: png(60000, 60000, (b"IDAT", zlib.compress(bytes(10)))), "far more than the limit"),
        ("image", lambda: png_of_zeros(12000, 9000), "12000 x 9000 pixels is over the limit"),
        ("image", lambda: png(1, 1, (b"zTXt", b"k\0\0" + zlib.compress(bytes(64 << 20)))), "damaged photo"),
        ("image", lambda: webp_animation(16383, 16000), "16383 x 16000 pixels is over the limit"),
        ("image", lambda: webp_animation(16383, 9000), "16383 x 9000 pixels is over the limit"),
        ("image", gif_frame_beyond_its_screen, "far more than the limit"),
        ("image", lambda: tiff_of(100_000, 100_000), "far more than the limit"),
        ("image", lambda: tiff_of(12_000, 9_000), "12000 x 9000 pixels is over the limit"),
        ("image", lambda: jpeg_of_scans(3000), "takes more than 1 s to decode"),
        ("image", lambda: saved(Image.new("RGB", (1, 60000)), "PNG"), "1 x 60000 pixels: one side"),
        ("video", lambda: counted(make_video(), b"stsz", at4=1, at8=50_000_000), "more samples than it has"),
        (
            "video",
            lambda: hidden(counted(make_video(), b"stsz", at4=1, at8=50_000_000)),
            "more samples than it has",
        ),
        ("audio", lambda: counted(audio("mov"), b"stsc", at12=0x7FFFFFFF), "more samples than it has"),
        (
            "video",
            lambda: counted(make_video(options={"movflags": "frag_keyframe+empty_moov"}), b"trun", at4=50_000_000),
            "more samples than it has",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
@pytest.mark.slow
def test_a_bomb_costs_neither_memory_nor_time(modality, data, reason, tmp_path):
    bomb = data()
    assert len(bomb) < 1 << 20
    seen = decoded(modality, bomb, tmp_path)
    assert reason in seen["reason"]
    assert seen["seconds"] < 15
    assert seen["grown_mb"] < ENOUGH_MB


@pytest.mark.parametrize("form", ["GIF", "WEBP", "TIFF", "PNG"])
@pytest.mark.slow
def test_of_many_frames_only_the_first_is_decoded(form, tmp_path):
    frames = [Image.new("RGB", (1500, 1500), (place * 9, 0, 0)) for place in range(12)]
    options = {"lossless": True} if form == "WEBP" else {"compression": "tiff_deflate"} if form == "TIFF" else {}
    album = saved(frames[0], form, save_all=True, append_images=frames[1:], **options)
    seen = decoded("image", album, tmp_path)
    assert seen["reason"] == ""
    assert seen["grown_mb"] < 75, "all of them are 108 MB"


def decoded(modality: str, data: bytes, folder) -> dict:
    (folder / "bomb").write_bytes(data)
    command = [sys.executable, "-W", "ignore", "-c", DECODE, modality, str(folder / "bomb")]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
