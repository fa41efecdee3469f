"""Films of every kind that catalogs hold, good ones."""

import struct
from fractions import Fraction

import numpy as np
import pytest
from videos import make_video, places

from ltr_plugin.errors import MediaError
from ltr_plugin.media import images, video
from ltr_plugin.media.openers import DECODERS, OPENERS
from ltr_plugin.media.video import CLIP_FRAMES, CLIP_SIDE, VIDEO_FRAMES, decode_video, open_video

UPRIGHT = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
"""The matrix of an MP4's track: x' = a x + c y, y' = b x + d y."""


@pytest.mark.parametrize(
    ("form", "codec"),
    [
        ("mp4", "mpeg4"),
        ("mp4", "libx264"),
        ("webm", "libvpx"),
        ("webm", "libvpx-vp9"),
        ("matroska", "libx264"),
        ("avi", "mjpeg"),
        ("mpegts", "mpeg2video"),
        ("flv", "libx264"),
    ],
)
@pytest.mark.parametrize("gop", [4, 1000])
def test_frames_stand_for_the_whole_video_and_the_clip_is_its_middle_at_its_pace(form, codec, gop):
    found = decode_video(make_video(form, codec, gop=gop))
    assert found.seconds == pytest.approx(3.0, abs=0.15)
    assert len(found.frames) == VIDEO_FRAMES
    assert places(found.frames) == pytest.approx([1, 5, 9, 13, 16, 20, 24, 28], abs=1)
    assert len(found.clip) == CLIP_FRAMES
    assert places(found.clip) == pytest.approx([int(9.667 + place / 1.5) for place in range(CLIP_FRAMES)], abs=1)
    assert found.frames[0].size == (64, 48)
    assert {frame.mode for frame in (*found.frames, *found.clip)} == {"RGB"}
    assert found.soundtrack is None


def test_colours_are_right():
    (frame, *_) = decode_video(make_video(red_top=True)).frames
    red, grey = (np.asarray(frame)[row].reshape(-1, 3).mean(0) for row in (slice(0, 16), slice(32, 48)))
    assert red == pytest.approx([250, 10, 10], abs=12)
    assert grey == pytest.approx([8, 8, 8], abs=12)


def test_a_short_video_has_each_frame_once_and_its_clip_stands_still_at_the_end():
    found = decode_video(make_video(frames=5))
    assert places(found.frames) == [0, 1, 2, 3, 4]
    assert places(found.clip) == [0, 0, 1, 2, 2, 3, *[4] * 10]
    assert places(decode_video(make_video(frames=1)).frames) == [0]


def test_a_long_video_is_decoded_in_parts_only(monkeypatch):
    given = []
    decoded = video._decoded
    monkeypatch.setattr(
        video,
        "_decoded",
        lambda codec, packets, source: (given.append(1) or frame for frame in decoded(codec, packets, source)),
    )
    long = make_video(frames=1000, gop=10)
    assert len(decode_video(long).frames) == VIDEO_FRAMES
    assert len(given) < 200
    given.clear()
    decode_video(make_video("webm", "libvpx", frames=300, gop=1000))
    assert len(given) <= 300, "one pass, where there is one key frame only"


def test_frames_are_made_smaller_while_they_are_decoded():
    found = decode_video(make_video(frames=3, size=(1600, 1200)))
    assert found.frames[0].size == (512, 384)
    assert min(found.clip[0].size) == CLIP_SIDE


def with_matrix(data: bytes, *matrix: float) -> bytes:
    """An MP4 whose track is shown by the display matrix a, b, c, d."""
    assert data.count(UPRIGHT) == 2, "of the video and of its track"
    a, b, c, d = (round(value * (1 << 16)) for value in matrix)
    place = data.rindex(UPRIGHT)
    return data[:place] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + data[place + len(UPRIGHT) :]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_video_is_turned_and_mirrored_by_its_whole_display_matrix(orientation):
    """As the photo of its first frame is by the EXIF orientation that says the same."""
    matrices = [(1, 0, 0, 1), (-1, 0, 0, 1), (-1, 0, 0, -1), (1, 0, 0, -1),
                (0, 1, 1, 0), (0, 1, -1, 0), (0, -1, -1, 0), (0, -1, 1, 0)]  # fmt: skip
    plain = make_video(red_top=True, green_left=True)
    (lying, *_), (shown, *_) = (
        decode_video(data).frames for data in (plain, with_matrix(plain, *matrices[orientation - 1]))
    )
    transpose = images.EXIF_TRANSPOSES.get(orientation)
    expected = lying.transpose(transpose) if transpose is not None else lying
    assert np.array_equal(shown, expected)


def test_a_video_is_turned_by_any_angle():
    (frame, *_) = decode_video(with_matrix(make_video(red_top=True), *(np.array([1, 1, -1, 1]) / np.sqrt(2)))).frames
    assert frame.size == pytest.approx((80, 80), abs=1)
    pixels = np.asarray(frame)
    assert pixels[2, 2].tolist() == [255, 255, 255], "a corner"
    assert pixels[30, 50, 0] > 200, "the top is at the upper right"
    assert pixels[50, 30, 0] < 60


def test_pixels_that_are_not_square_are_shown_as_such():
    assert decode_video(make_video("matroska", aspect=Fraction(2, 1))).frames[0].size == (128, 48)
    assert decode_video(make_video("matroska", aspect=Fraction(1, 2))).frames[0].size == (32, 48)
    with pytest.raises(MediaError, match="more than 50 times"):
        decode_video(make_video("matroska", aspect=Fraction(40, 1)))


@pytest.mark.parametrize(("form", "codec"), [("mp4", "mpeg4"), ("webm", "libvpx")])
def test_the_soundtrack_comes_along_and_a_silent_one_does_not(form, codec):
    heard = decode_video(make_video(form, codec, tone_hz=440.0)).soundtrack
    assert heard.seconds == pytest.approx(3.0, abs=0.1)
    spectrum = np.abs(np.fft.rfft(heard.samples))
    assert spectrum.argmax() / heard.seconds == pytest.approx(440, abs=3)
    assert decode_video(make_video(form, codec, tone_hz=0.0)).soundtrack is None


def test_what_the_bytes_are_decides_not_the_name(tmp_path):
    (tmp_path / "clip.jpg").write_bytes(make_video("webm", "libvpx"))
    assert OPENERS["video"](tmp_path, "clip.jpg").seconds == pytest.approx(3.0)
    assert DECODERS["video"]((tmp_path / "clip.jpg").read_bytes()).seconds == pytest.approx(3.0)


def test_a_file_over_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(video, "MAX_BYTES", 1 << 20)
    (tmp_path / "big.mp4").write_bytes(make_video() + bytes(1 << 20))
    with pytest.raises(MediaError, match="over the limit of 1 MB"):
        open_video(tmp_path, "big.mp4")
