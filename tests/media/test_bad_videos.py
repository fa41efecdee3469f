"""Films that cannot be used, each a real file, and what is said of it."""

import contextlib
import io
import itertools
import random
import struct
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image
from videos import audio, make_video

from ltr_plugin.errors import MediaError
from ltr_plugin.media import containers, reading, video
from ltr_plugin.media.video import decode_video

FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}


def photo(form: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(buffer, form)
    return buffer.getvalue()


def cut_before(data: bytes, box: bytes) -> bytes:
    """The video up to a box."""
    return data[: data.index(box) - 4]


def counted(box: bytes, count: int, data: bytes, at: int) -> bytes:
    """The video with another count in a box, `at` bytes after its name."""
    place = data.index(box) + at
    return data[:place] + struct.pack(">I", count) + data[place + 4 :]


def sized(data: bytes, width: int, height: int) -> bytes:
    """A VP8 film of 300 x 260 whose frames say another size; what the container declares, no decoder believes."""
    before, after = (b"\x9d\x01\x2a" + struct.pack("<HH", *size) for size in ((300, 260), (width, height)))
    assert before in data
    return data.replace(before, after)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"once upon a time there was a film", "not a video"),
        (b"<!DOCTYPE html><html><body>404 Not Found</body></html>", "not a video"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "not a video"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "not a video"),
        (photo("JPEG"), "not a video"),
        (photo("PNG"), "not a video"),
        (bytes(10_000), "not a video"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "not a video"),
        (b"#EXTM3U\n#EXTINF:9,\nhttp://169.254.169.254/latest/meta-data\n", "not a video"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not a video"),
        (audio(), "has an audio track, but no video track"),
        (audio("mp4", "aac"), "has an audio track, but no video track"),
        (audio("ogg", "libopus"), "has an audio track, but no video track"),
        (cut_before(make_video(options=FRAGMENTED), b"moof"), "has no frames"),
        (make_video()[:2000], "breaks off: has 2,000 of"),
        (make_video("webm", "libvpx")[:800], "breaks off: has 800 of"),
        (make_video("avi", "mjpeg")[:9000], "breaks off: has 9,000 of"),
        (make_video()[:20], "not a video|breaks off"),
        (make_video(size=(16, 1600)), "16 x 1600 pixels: one side is more than 50 times the other"),
        (make_video(frames=3, rate=Fraction(1, 2000)), r"6,000 s is over the limit of 3,600"),
        (
            sized(make_video("webm", "libvpx", frames=3, size=(300, 260)), 16000, 12000),
            "none of its frames can be decoded",
        ),
        (counted(b"stsz", 1, counted(b"stsz", 0x7FFFFFFF, make_video(), 12), 8), "more samples than it has"),
        (counted(b"trun", 0x7FFFFFFF, make_video(options=FRAGMENTED), 8), "more samples than it has"),
        (make_video() + struct.pack(">I4s", 8, b"free") * 100_001, "has more than 100,000 boxes"),
        (make_video() + struct.pack(">I4sI4s", 16, b"moov", 8, b"cmov"), "header is compressed"),
    ],
)
def test_what_cannot_be_used_says_why(data, reason):
    with pytest.raises(MediaError, match=reason):
        decode_video(data)


def test_more_pixels_than_the_header_says_are_not_decoded(monkeypatch):
    monkeypatch.setattr(containers, "MAX_PIXELS", 30_000)
    monkeypatch.setattr(video, "MAX_PIXELS", 30_000)
    with pytest.raises(MediaError, match="none of its frames can be decoded"):
        decode_video(
            make_video("webm", "libvpx", frames=3, size=(300, 260)).replace(b"\xb0\x82\x01\x2c", b"\xb0\x82\x00\x10")
        )


def test_frames_that_become_a_line_are_refused():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=10)
        line = av.CodecContext.create("libvpx", "w")
        line.time_base = Fraction(1, 10)
        for context, (width, height), first in ((stream, (64, 48), 0), (line, (4000, 2), 2)):
            context.width, context.height, context.pix_fmt = width, height, "yuv420p"
            for place in (first, first + 1):
                frame = av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8), "rgb24")
                frame.pts, frame.time_base = place, Fraction(1, 10)
                for packet in context.encode(frame):
                    packet.stream = stream
                    container.mux(packet)
            for packet in context.encode(None):
                packet.stream = stream
                container.mux(packet)
    with pytest.raises(MediaError, match="4000 x 2 pixels"):
        decode_video(buffer.getvalue())


def test_frames_over_the_limit_are_refused_before_they_are_decoded(monkeypatch):
    monkeypatch.setattr(video, "MAX_PIXELS", 3000)
    monkeypatch.setattr(video, "_decoded", lambda *_: pytest.fail("decodes"))
    with pytest.raises(MediaError, match="its frames are 64 x 48; the limit is 3,000 pixels"):
        decode_video(make_video())


@pytest.mark.parametrize("looks", [3, 100])
def test_a_decoder_that_takes_too_long_is_stopped(looks, monkeypatch):
    clock = SimpleNamespace(monotonic=itertools.count().__next__)  # a second passes between two looks at it
    monkeypatch.setattr(reading, "time", clock)
    monkeypatch.setattr(video, "MAX_DECODING_S", looks)
    with pytest.raises(MediaError, match=f"takes more than {looks} s to decode"):
        decode_video(make_video(codec="libx264", frames=200, gop=1000))
    assert looks + 2 <= clock.monotonic() <= 2 * (looks + 2), "at the next look; the time starts when there is memory"


def test_frames_without_end_are_refused(monkeypatch):
    monkeypatch.setattr(video, "MAX_FRAMES", 20)
    with pytest.raises(MediaError, match="has more than 20 frames"):
        decode_video(make_video(frames=21))


def test_a_cover_picture_is_no_video():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")))
        container.mux(cover.encode())
    with pytest.raises(MediaError, match="has no video track"):
        decode_video(buffer.getvalue())


@pytest.mark.parametrize(
    ("form", "codec"), [("mp4", "libx264"), ("webm", "libvpx"), ("avi", "mpeg4"), ("mpegts", "mpeg2video")]
)
def test_damage_anywhere_costs_frames_or_the_video_but_never_more(form, codec):
    whole = make_video(form, codec, tone_hz=440.0 if form != "avi" else None)
    rng = random.Random(4)
    for _ in range(30):
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 10, 200))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        with contextlib.suppress(MediaError):
            assert decode_video(bytes(damaged)).frames
