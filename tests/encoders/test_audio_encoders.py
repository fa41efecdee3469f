"""Audio encoders: CLAP with a small random model, spectral statistics, and windows of the trained network."""

import numpy as np
import pytest
import torch
from recordings import tone, wav
from safetensors.torch import load_file
from videos import make_video

from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, load_encoder
from ltr_plugin.encoders.audio import mel_cnn
from ltr_plugin.encoders.audio.log_mel import FLOOR_DB, MEL_BANDS, log_mel
from ltr_plugin.encoders.audio.mel_cnn import MAX_WINDOWS, WINDOW_FRAMES, loud_windows
from ltr_plugin.encoders.audio.mel_cnn_network import MelNetwork, MelShape
from ltr_plugin.errors import EncoderError, MediaError
from ltr_plugin.media.audio import Audio, decode_audio, resample
from ltr_plugin.media.video import decode_video


def noise(seconds=1.0, rate=44_100, seed=0):
    return Audio(np.random.default_rng(seed).normal(0, 0.1, round(seconds * rate)).astype("f4"), rate)


def ring(hertz=440.0, seconds=1.0, rate=44_100):
    return Audio(tone(seconds, rate, hertz), rate)


def encode(encoder, audios, modality="audio"):
    return encoder.encode(modality, [encoder.prepare(modality, audio) for audio in audios])


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "fusion"])
def clap(request, tmp_path_factory):
    """A CLAP model of random weights and windows of one second, saved and loaded back."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, PreTrainedTokenizerFast
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("clap")
    text = {
        "vocab_size": 20, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
        "max_position_embeddings": 80,
    }  # fmt: skip
    audio = {
        "window_size": 4, "spec_size": 128, "patch_embeds_hidden_size": 16, "depths": [1, 1],
        "num_attention_heads": [2, 4], "hidden_size": 32, "aff_block_r": 2,
        "enable_fusion": request.param, "fusion_type": "aff_2d" if request.param else None,
    }  # fmt: skip
    ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=16)).save_pretrained(folder)
    truncation = "fusion" if request.param else "rand_trunc"
    ClapFeatureExtractor(max_length_s=1, truncation=truncation).save_pretrained(folder)
    words = ["<s>", "<pad>", "</s>", "<unk>", "a", "deep", "bell"]
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="<unk>"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>").save_pretrained(folder)  # noqa: S106
    return folder


def test_clap_encodes_audio_videos_and_text_into_one_space(clap):
    encoder = load_encoder(f"clap:{clap}")
    assert encoder.modalities == {"text", "audio", "video"}
    assert encoder.fingerprint.dimension == 16
    assert '"sampling_rate": 48000' in encoder.fingerprint.preprocessing
    audios = [ring(300, 0.5), noise(1.0, 48_000), ring(900, 3.4, 16_000)]
    vectors = encode(encoder, audios)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(vectors[0] - vectors[1]).max() > 0.01
    words = encode(encoder, ["a deep bell", "bell " * 500, ""], "text")
    assert (words.shape, words.dtype) == ((3, 16), np.float32)
    (video_vector,) = encode(encoder, [decode_video(make_video(tone_hz=440))], "video")
    assert np.linalg.norm(video_vector) == pytest.approx(1, abs=1e-5)


def test_clap_encodes_long_audio_the_same_way_each_time(clap):
    encoder = load_encoder(f"clap:{clap}")
    rising = Audio(np.concatenate([tone(1, 48_000, hertz) for hertz in (200, 400, 800, 1600, 3200)]), 48_000)
    first, again = encode(encoder, [rising, rising])
    assert np.array_equal(first, again)
    start = encode(encoder, [Audio(rising.samples[:48_000], 48_000)])[0]
    assert start @ first < 0.9999, "more than its first second is heard"


@pytest.mark.parametrize("seconds", [0.05, 0.4, 1])
def test_clap_is_given_what_its_own_extractor_makes(clap, seconds):
    from transformers import ClapFeatureExtractor

    encoder, extractor = load_encoder(f"clap:{clap}"), ClapFeatureExtractor.from_pretrained(clap)
    samples = np.random.default_rng(1).normal(0, 0.1, int(seconds * extractor.sampling_rate)).astype(np.float32)
    samples[: len(samples) // 4] = 0  # digital silence is the least power
    expected = extractor(samples, sampling_rate=extractor.sampling_rate, return_tensors="np")["input_features"]
    given = encoder.prepare("audio", Audio(samples, extractor.sampling_rate)).numpy()
    assert given.shape == expected.shape
    assert given == pytest.approx(expected, abs=2e-3)


def test_clap_loads_safetensors_only(clap, tmp_path):
    for file in clap.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickled")
    with pytest.raises(EncoderError, match=r"cannot be loaded.*clap takes a hub name with safetensors"):
        load_encoder(f"clap:{tmp_path}")


@pytest.mark.parametrize("spec", ["spectral:log-mel", "spectral:mfcc"])
def test_spectral_vectors_tell_kinds_of_audio_apart_at_any_loudness_and_sample_rate(spec):
    encoder = load_encoder(spec)
    beeps = Audio(np.tile(np.concatenate([tone(0.1, 44_100, 2000), np.zeros(8820, "f4")]), 4), 44_100)
    hum, hiss = ring(120, 2.0), noise(2.0)
    quiet = Audio(hum.samples / 50, 44_100)
    vectors = encode(encoder, [hum, hiss, beeps, quiet, resample(hum, 48_000), noise(1.0, seed=1)])
    assert vectors.shape == (6, encoder.fingerprint.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    similar = vectors @ vectors.T
    assert similar[0, 3] > 0.99, "loudness"
    assert similar[0, 4] > 0.95, "sample rate"
    assert similar[1, 5] > 0.9, "the same kind of noise"
    assert max(similar[0, 1], similar[0, 2], similar[1, 2]) < 0.8


def test_spectral_fingerprints_say_what_is_done():
    one, other = (load_encoder(f"spectral:{model}").fingerprint for model in ("log-mel", "mfcc"))
    assert (one.dimension, other.dimension) == (3 * MEL_BANDS, 60)
    assert "32000 Hz" in one.preprocessing
    assert "coefficients 1-20" in other.preprocessing
    assert one.digest != other.digest
    with pytest.raises(EncoderError, match=r"write spectral:log-mel or spectral:mfcc"):
        load_encoder("spectral:chroma")


def test_a_video_without_audio_has_no_audio_vector():
    encoder = load_encoder("spectral:mfcc")
    no_progress, sounding = (decode_video(make_video(tone_hz=hertz)) for hertz in (None, 440))
    with pytest.raises(MediaError, match="no audible soundtrack"):
        encoder.prepare("video", no_progress)
    assert encode(encoder, [sounding], "video")[0] @ encode(encoder, [sounding.soundtrack])[0] == pytest.approx(1)


def test_a_spectrogram_has_no_pauses_around_it_and_knows_pitch():
    padded = np.concatenate([np.zeros(44_100, "f4"), tone(1, hertz=1000), np.zeros(22_050, "f4")])
    spectrogram = log_mel(Audio(padded, 44_100))
    assert len(spectrogram) == pytest.approx(50, abs=3)
    assert (spectrogram.max(), spectrogram.min()) == (0, pytest.approx(FLOOR_DB, abs=1e-4))
    higher = log_mel(ring(2000))
    assert spectrogram[25].argmax() < higher[25].argmax()
    assert len(log_mel(decode_audio(wav(tone(0.06))))) >= 1


def test_windows_leave_out_what_is_quiet_and_are_never_too_many():
    spectrogram = np.full((WINDOW_FRAMES * 40, MEL_BANDS), FLOOR_DB, np.float32)
    spectrogram[: WINDOW_FRAMES // 2] = -20
    spectrogram[10 * WINDOW_FRAMES :: 7] = 0
    found = loud_windows(spectrogram)
    assert found.shape == (MAX_WINDOWS, WINDOW_FRAMES, MEL_BANDS)
    assert found.max(axis=(1, 2)) == pytest.approx(0), "each is relative to its loudest"
    short = loud_windows(spectrogram[:10] + 20)
    assert short.shape == (1, WINDOW_FRAMES, MEL_BANDS)
    assert short[0, WINDOW_FRAMES // 2].max() == 0
    assert short[0, 0].max() == FLOOR_DB
    quiet = np.full((3 * WINDOW_FRAMES, MEL_BANDS), FLOOR_DB, np.float32)
    quiet[0] = 0
    assert len(loud_windows(quiet)) == 1


def test_a_mel_encoder_needs_its_files(tmp_path):
    with pytest.raises(EncoderError, match=r"lacks mel_config\.json and mel_model\.safetensors"):
        load_encoder(f"mel:{tmp_path}")


def test_the_saved_text_projection_keeps_its_key(tmp_path):
    torch.manual_seed(3)
    network = MelNetwork(MelShape(channels=(4, 8), dimension=16))
    text_encoder = load_encoder(DEFAULT_TEXT_ENCODER)
    mel_cnn.write(tmp_path, network, DEFAULT_TEXT_ENCODER, "small")
    saved = load_file(tmp_path / mel_cnn.WEIGHTS)
    assert {"words.weight", "words.bias"} <= set(saved)
    loaded = mel_cnn.load(str(tmp_path), load_encoder)
    assert loaded.fingerprint == mel_cnn.from_model(network, text_encoder, "small").fingerprint
    assert torch.equal(loaded.model.text_projection.weight.cpu(), network.text_projection.weight)
