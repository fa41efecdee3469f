import json
import wave
from collections import Counter

import numpy as np
import pytest
from shop_words import says

from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.language import ENGLISH
from ltr_plugin.demo.melodies import MAX_MELODY_S, MELODY_NOTES, perform
from ltr_plugin.demo.products import draw_product
from ltr_plugin.demo.queries import draw_queries
from ltr_plugin.demo.recordings import customer_recording, shop_recording
from ltr_plugin.demo.shop import generate_shop
from ltr_plugin.demo.timbres import INSTRUMENTS, SAMPLE_RATE_HZ
from ltr_plugin.demo.traits import MELODIES, TIMBRES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def products():
    kinds = list(KINDS)
    return [draw_product(n, kinds[n % len(kinds)], np.random.default_rng([5, n])) for n in range(800)]


@pytest.fixture(scope="module")
def sounding(products):
    return [product for product in products if product.traits.timbre]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return generate_shop(tmp_path_factory.mktemp("demo") / "shop", products=40, seed=6)


def text_of(product):
    record = product.record
    return " ".join([record["title"], record["description"], *record["attributes"].values()])


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def spectrum(samples):
    """Mean level in 40 bands of mel, within 27 dB of the loudest: enough to tell most timbres."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 512)[::256] * np.hanning(512)
    power = np.abs(np.fft.rfft(frames)) ** 2
    mel = 2595 * np.log10(1 + np.fft.rfftfreq(512, 1 / SAMPLE_RATE_HZ) / 700)
    edges = np.linspace(80, 2840, 42)
    bands = power @ np.maximum(0, 1 - np.abs(mel[:, None] - edges[1:-1]) / (edges[1] - edges[0]))
    levels = np.log(bands + 2e-3 * bands.max())
    return np.concatenate([levels.mean(0), levels.std(0)]) - np.repeat((levels.max(), 0), 40)


def recordings(record, count, seed):
    rng = np.random.default_rng(seed)
    timbres = [TIMBRES[number % len(TIMBRES)] for number in range(count)]
    features = np.array([spectrum(record(name, MELODIES[rng.integers(len(MELODIES))], rng)) for name in timbres])
    return np.asarray(timbres), (features - features.mean(0)) / features.std(0)


def test_every_timbre_and_melody_can_be_played_and_every_timbre_said():
    assert set(TIMBRES) == set(INSTRUMENTS) == set(ENGLISH.words["timbre"])
    assert set(MELODIES) == set(MELODY_NOTES)
    assert {timbre for kind in KINDS.values() for timbre in kind.timbres} == set(TIMBRES)


@pytest.mark.parametrize("timbre", TIMBRES)
def test_sound_is_audible_of_good_length_and_another_one_at_every_call(timbre):
    rng = np.random.default_rng(0)
    for melody in MELODIES:
        first, second = perform(timbre, melody, rng), perform(timbre, melody, rng)
        for samples in (first, second):
            assert 1 <= len(samples) / SAMPLE_RATE_HZ <= MAX_MELODY_S
            assert np.abs(samples).max() == pytest.approx(1)
            assert np.sqrt(np.mean(samples**2)) > 0.03
        assert len(first) != len(second) or not np.allclose(first, second, atol=0.1)


def test_customers_sounds_can_be_told_apart_by_the_shops_but_not_without_mistakes():
    known, shown = recordings(shop_recording, 200, seed=1)
    asked, heard = recordings(customer_recording, 100, seed=2)
    nearest = np.argmin(((heard[:, None] - shown[None]) ** 2).sum(-1), axis=1)
    assert 0.55 < np.mean(known[nearest] == asked) < 0.95


def test_recording_of_a_customer_has_a_narrower_band_and_more_noise():
    def measured(record):
        """Share of the power above 6.5 kHz, and how loud the rests are beside the notes."""
        high, rests = [], []
        for seed in range(8):
            samples = record("celesta", "triplet", np.random.default_rng(seed))
            power = np.abs(np.fft.rfft(samples)) ** 2
            high.append(power[np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ) > 6500].sum() / power.sum())
            loudness = np.sqrt((samples[: len(samples) // 400 * 400].reshape(-1, 400) ** 2).mean(axis=1))
            rests.append(np.percentile(loudness, 15) / loudness.max())
        return np.median(high), np.median(rests)

    (customer_high, customer_rests), (shop_high, shop_rests) = measured(customer_recording), measured(shop_recording)
    assert customer_high < 0.5 * shop_high
    assert customer_rests > 2 * shop_rests


def test_about_a_third_of_the_products_sound_and_some_of_these_lack_a_recording(products, sounding):
    assert 0.25 < len(sounding) / len(products) < 0.35
    counted = Counter(product.sounds for product in sounding)
    assert set(counted) == {0, 1, 2}
    assert 0.1 < counted[0] / len(sounding) < 0.25
    assert 0.06 < counted[2] / len(sounding) < 0.18
    assert all(product.sounds == 0 for product in products if not product.traits.timbre)
    assert min(Counter(product.traits.timbre for product in sounding).values()) >= 12


def test_few_texts_tell_the_timbre_and_those_of_products_that_cannot_be_heard_do(sounding):
    telling = [says(text_of(product), "timbre", product.traits.timbre) for product in sounding]
    assert 0.18 < np.mean(telling) < 0.35
    unheard = [product for product in sounding if product.sounds == product.clips == 0]
    assert unheard
    assert all(says(text_of(product), "timbre", product.traits.timbre) for product in unheard)


def test_melody_shows_in_nothing_but_the_recordings(products, monkeypatch):
    monkeypatch.setattr("ltr_plugin.demo.traits.MELODIES", MELODIES[1:] + MELODIES[:1])
    kinds = list(KINDS)
    for number, product in enumerate(products[:200]):
        other = draw_product(number, kinds[number % len(kinds)], np.random.default_rng([5, number]))
        assert other.record == product.record
        assert (other.traits.melody != product.traits.melody) == bool(product.traits.timbre)


def test_sound_queries_are_about_products_that_sound_and_only_words_limit_the_kind(products):
    for query in draw_queries(products, {"sound": 60, "soundmixed": 60}, np.random.default_rng(4)):
        heard, intent = query.sound_traits, query.intent
        assert {name: intent.attributes[name] for name in ("timbre", "melody")} == {
            "timbre": heard.timbre,
            "melody": heard.melody,
        }
        if query.mode == "sound":
            assert (intent.kind, query.text, len(intent.attributes)) == (None, None, 2)
            continue
        assert not says(query.text, "timbre", heard.timbre) or heard.kind == "music box"
        for name, value in intent.attributes.items():
            assert name in {"timbre", "melody"} or says(query.text, name, value)
        assert intent.kind is None or any(noun.lower() in query.text for noun in ENGLISH.kinds[intent.kind].nouns)


def test_every_recording_named_is_a_mono_wav_that_is_neither_silent_nor_clipped(shop):
    folder = shop.catalog.parent
    named = [path for record in lines(shop.catalog) for path in record["audio"]]
    named += [record["audio"] for record in lines(shop.queries) if "audio" in record]
    for path in named:
        with wave.open(str(folder / path)) as recording:
            assert (recording.getnchannels(), recording.getframerate(), recording.getsampwidth()) == (
                1,
                SAMPLE_RATE_HZ,
                2,
            )
            samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
        assert 0.8 < len(samples) / SAMPLE_RATE_HZ < 2.6
        assert 2000 < np.abs(samples.astype(int)).max() < 32000
    assert sorted(named) == sorted(str(path.relative_to(folder)) for path in folder.rglob("*.wav"))
