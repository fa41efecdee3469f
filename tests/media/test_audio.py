"""Audio files of every format, good and bad, opened from real bytes."""

import io

import numpy as np
import pytest
from PIL import Image
from recordings import encoded, tone, wav
from videos import make_video

from ltr_plugin.errors import MediaError
from ltr_plugin.media import audio
from ltr_plugin.media.audio import Audio, decode_audio, open_audio, resample
from ltr_plugin.media.openers import OPENERS

ENCODED = [
    ("flac", "flac"),
    ("ogg", "libopus"),
    ("mp3", "libmp3lame"),
    ("ipod", "aac"),
    ("adts", "aac"),
    ("matroska", "libopus"),
]


def pitch(decoded: Audio) -> float:
    """The loudest frequency in hertz."""
    spectrum = np.abs(np.fft.rfft(decoded.samples * np.hanning(len(decoded.samples))))
    return float(spectrum.argmax() * decoded.rate / len(decoded.samples))


@pytest.mark.parametrize("bits", [8, 16, 24, 32, 64])
def test_a_wav_of_any_depth_is_its_samples(bits):
    decoded = decode_audio(wav(tone(), bits=bits))
    assert (decoded.rate, decoded.samples.dtype, decoded.seconds) == (44_100, np.float32, 1.0)
    assert decoded.samples == pytest.approx(tone(), abs=0.015 if bits == 8 else 1e-4)


@pytest.mark.parametrize(("container", "codec"), ENCODED)
def test_compressed_audio_keeps_its_pitch_and_length(container, codec):
    decoded = decode_audio(encoded(tone(2, 48_000), container, codec))
    assert decoded.rate == 48_000
    assert decoded.seconds == pytest.approx(2, abs=0.06)
    assert pitch(decoded) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(("form", "codec"), [("mp4", "mpeg4"), ("webm", "libvpx")])
def test_a_video_gives_its_soundtrack(form, codec):
    assert pitch(decode_audio(make_video(form, codec, tone_hz=440))) == pytest.approx(440, abs=2)


def test_channels_are_mixed_down():
    left, right = tone(hertz=440), tone(hertz=1000)
    decoded = decode_audio(wav(np.stack([left, right, right], axis=1)))
    assert decoded.samples == pytest.approx((left + 2 * right) / 3, abs=1e-4)


def test_what_is_louder_than_full_scale_is_scaled_to_it():
    decoded = decode_audio(wav(4 * tone(), bits=32))
    assert decoded.samples == pytest.approx(2 * tone(), abs=1e-4)


def test_only_the_first_minute_is_decoded(monkeypatch):
    monkeypatch.setattr(audio, "MAX_SECONDS", 0.5)
    assert decode_audio(wav(tone(2))).seconds == 0.5
    assert decode_audio(encoded(tone(2, 48_000), "flac", "flac")).seconds == 0.5


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_099, 48_000, 96_000])
def test_resampling_keeps_pitch_and_length_and_folds_nothing_back(rate):
    decoded = resample(Audio(tone(1, rate, 1000) + tone(1, rate, 3000), rate), 4_000)
    assert (decoded.rate, decoded.samples.dtype) == (4_000, np.float32)
    assert decoded.seconds == pytest.approx(1, abs=0.001)
    spectrum = np.abs(np.fft.rfft(decoded.samples))
    assert spectrum.argmax() == pytest.approx(1000, abs=2)
    assert spectrum[np.abs(np.arange(len(spectrum)) - 1000) > 50].max() < 0.02 * spectrum.max()


def test_the_content_decides_and_not_the_name(tmp_path):
    (tmp_path / "bell.txt").write_bytes(wav(tone()))
    assert OPENERS["audio"](tmp_path, "bell.txt").seconds == 1.0


BAD = {
    "empty": (b"", "empty file"),
    "text": (b"a bell that rings " * 500, "not audio in a readable format"),
    "a playlist": (
        b"#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "not audio in a readable format",
    ),
    "a header alone": (wav(tone())[:40], "breaks off|not audio"),
    "no samples": (wav(tone()[:0]), "too short: 0 samples|damaged|not audio"),
    "one sample": (wav(np.ones(1)), "too short: 1 sample; the minimum is 0.05 s"),
    "too short": (wav(tone()[:1000]), "too short: 1000 samples"),
    "silent": (wav(np.zeros(44_100)), "silent"),
    "a constant": (wav(np.full(44_100, 0.3)), "silent"),
    "not numbers": (wav(np.where(np.arange(44_100) == 70, np.nan, tone()), bits=32), "samples that are not numbers"),
    "infinite": (wav(np.where(np.arange(44_100) == 70, np.inf, tone()), bits=64), "samples that are not numbers"),
    "a rate of 12 Hz": (wav(tone(), rate=12), "its sample rate is 12 Hz; usable are 4,000 to 384,000"),
    "half a wav": (wav(tone())[:40_000], "breaks off: has 40,000 of 88,244 bytes"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_audio_says_what_is_wrong(case, tmp_path):
    data, message = BAD[case]
    (tmp_path / "audio.wav").write_bytes(data)
    with pytest.raises(MediaError, match=message):
        open_audio(tmp_path, "audio.wav")


@pytest.mark.parametrize(("container", "codec"), [form for form in ENCODED if form[0] != "adts"])
def test_a_file_that_breaks_off_is_refused(container, codec):
    whole = encoded(tone(2, 48_000), container, codec)
    with pytest.raises(MediaError, match="breaks off"):
        decode_audio(whole[: len(whole) // 2])


@pytest.mark.parametrize("sizes", [(0xFFFFFFFF, 0xFFFFFFFF), (0x7FFFF024, 0x7FFFF000)])
def test_a_wav_written_before_its_end_was_known_is_decoded(sizes):
    whole = bytearray(wav(tone()))
    whole[4:8], whole[40:44] = (size.to_bytes(4, "little") for size in sizes)
    assert decode_audio(bytes(whole)).seconds == 1.0


def test_audio_that_begins_quietly_is_decoded_to_its_end():
    noise = np.random.default_rng(0).normal(0, 0.2, 4 * 48_000)
    assert decode_audio(encoded(np.concatenate([0 * noise, noise]), "adts", "aac")).seconds == pytest.approx(8, abs=0.1)


def test_a_tag_behind_audio_costs_nothing():
    assert decode_audio(encoded(tone(2, 48_000), "ipod", "aac") + b"TAG" + bytes(125)).seconds == pytest.approx(
        2, abs=0.1
    )


def test_a_garbled_middle_is_refused():
    whole = bytearray(encoded(tone(2, 48_000), "flac", "flac"))
    third = len(whole) // 3
    whole[third : 2 * third] = np.random.default_rng(0).bytes(third)
    with pytest.raises(MediaError, match=r"breaks off|damaged"):
        decode_audio(bytes(whole))


def test_a_photo_and_a_silent_video_are_no_audio():
    photo = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(photo, "JPEG")
    with pytest.raises(MediaError, match="not audio"):
        decode_audio(photo.getvalue())
    with pytest.raises(MediaError, match="no audio track"):
        decode_audio(make_video("mp4"))
    with pytest.raises(MediaError, match="silent"):
        decode_audio(make_video("mp4", tone_hz=0))


def test_a_file_over_the_limit_and_one_that_takes_too_long_are_refused(tmp_path, monkeypatch):
    (tmp_path / "audio.wav").write_bytes(wav(tone()))
    monkeypatch.setattr(audio, "MAX_DECODING_S", 0.0)
    with pytest.raises(MediaError, match="takes more than 0 s to decode"):
        open_audio(tmp_path, "audio.wav")
    monkeypatch.setattr(audio, "MAX_BYTES", 1000)
    with pytest.raises(MediaError, match="over the limit"):
        open_audio(tmp_path, "audio.wav")
    with pytest.raises(MediaError, match=r"cannot read 'absent\.wav'"):
        open_audio(tmp_path, "absent.wav")
