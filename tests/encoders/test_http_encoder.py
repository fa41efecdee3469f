"""An encoder whose vectors come from a real service on loopback: sound, busy, wrong and choosy."""

import logging
import uuid

import numpy as np
import pytest
from embeddings_server import DIMENSION, Answer, embeddings_of, embeddings_server, unit_vectors

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.encoders import load_encoder
from ltr_plugin.encoders.remote import http_encoder, service
from ltr_plugin.errors import EncoderError, EncoderSpecError, EncoderUnavailableError, ItemsRefusedError
from ltr_plugin.queries.encoding import QueryEncoder

KEY = "sk-s3cret-4711"


@pytest.fixture
def server(monkeypatch, caplog):
    """The service, whose key is in no line of the log."""
    caplog.set_level(logging.DEBUG)
    with embeddings_server() as running:
        monkeypatch.setenv("LTR_EMBEDDINGS_URL", running.url)
        monkeypatch.setenv("LTR_EMBEDDINGS_API_KEY", KEY)
        monkeypatch.setattr(service, "FIRST_DELAY_S", 0.01)
        yield running
    assert "s3cret" not in caplog.text


@pytest.fixture
def load(server):  # noqa: ARG001 - it must run
    """Loads an encoder that no other test has."""
    return lambda: load_encoder(f"http:model/{uuid.uuid4().hex[:8]}")


@pytest.fixture
def encoder(load, server):
    loaded = load()
    server.seen.clear()
    return loaded


def encode(encoder, texts):
    return encoder.encode("text", [encoder.prepare("text", text) for text in texts])


def test_vectors_are_those_of_the_service_by_their_index_with_unit_length(encoder, server):
    texts = [f"mug {number}" for number in range(150)]
    vectors = encode(encoder, texts)
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(unit_vectors(texts), abs=1e-6)
    assert sorted(map(len, server.seen)) == [22, 32, 32, 32, 32]
    assert server.paths[-1] == "/v1/embeddings"
    assert server.headers[-1]["Authorization"] == f"Bearer {KEY}"
    assert {name: server.bodies[-1][name] for name in ("model", "encoding_format")} == {
        "model": encoder.fingerprint.model,
        "encoding_format": "float",
    }


def test_nothing_to_encode_asks_nothing(encoder, server):
    assert encode(encoder, []).shape == (0, DIMENSION)
    assert not server.seen


def test_a_text_is_sent_once(encoder, server, caplog):
    encode(encoder, ["red mug", "blue mug"])
    assert encode(encoder, ["blue mug", "green mug", "red mug"]) == pytest.approx(
        unit_vectors(["blue mug", "green mug", "red mug"]), abs=1e-6
    )
    assert server.seen == [["red mug", "blue mug"], ["green mug"]]
    assert "1 text sent; 20 tokens so far" in caplog.text


def test_long_texts_share_a_request_up_to_its_characters_and_four_run_at_once(encoder, server):
    server.delay_s = 0.1
    texts = [letter * 40_000 for letter in "abcdefghijklmnop"] + ["x" * 150_000]
    assert encode(encoder, texts) == pytest.approx(unit_vectors(texts), abs=1e-6)
    assert sorted(map(len, server.seen)) == [1, *[2] * 8]
    assert server.most_running == 4


def test_the_setting_of_the_batch_size_counts(monkeypatch, load, server):
    monkeypatch.setenv("LTR_BATCH_SIZE", "5")
    encoder = load()
    encode(encoder, [f"mug {number}" for number in range(10)])
    assert list(map(len, server.seen)) == [1, 5, 5]


def test_half_a_surrogate_pair_is_no_obstacle(encoder):
    assert encode(encoder, ["mug \ud83d"]) == pytest.approx(unit_vectors(["mug ?"]), abs=1e-6)


def test_a_fingerprint_has_host_path_model_and_dimension_and_no_key(encoder, server):
    one = encoder.fingerprint
    assert (one.library, one.revision, one.dimension) == ("http", server.host, DIMENSION)
    assert one.model.startswith("model/")
    assert (one.preprocessing, one.weights) == ("", "")


def test_a_service_that_is_busy_is_asked_again_when_it_says(encoder, server):
    server.troubles = [Answer(429, headers={"Retry-After": "1"})]
    assert encode(encoder, ["mug"]) == pytest.approx(unit_vectors(["mug"]), abs=1e-6)
    first, second = server.times[-2:]
    assert second - first >= 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_failure_that_passes_is_tried_again(encoder, server, status):
    server.troubles = [Answer(status, "<html>busy</html>"), Answer(status)]
    assert encode(encoder, ["mug"]) == pytest.approx(unit_vectors(["mug"]), abs=1e-6)
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    "trouble", [Answer(503, {"error": f"no {KEY}"}), Answer(429, headers={"Retry-After": "3600"})], ids=["busy", "asks"]
)
def test_a_service_that_stays_busy_is_an_error_that_passes(encoder, server, monkeypatch, trouble):
    monkeypatch.setattr(http_encoder, "RETRY_TIMEOUT_S", 0.2)
    server.troubles = [trouble] * 100
    with pytest.raises(EncoderUnavailableError, match=f"{server.host} answered {trouble.status}") as raised:
        encode(encoder, ["mug"])
    assert "s3cret" not in str(raised.value)
    assert len(server.seen) < 50


def test_a_slow_answer_is_not_waited_for(encoder, server, monkeypatch):
    monkeypatch.setattr(service, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(http_encoder, "RETRY_TIMEOUT_S", 0.1)
    server.troubles = [Answer(after_s=1)] * 2
    with pytest.raises(EncoderUnavailableError, match=rf"{server.host} did not answer within 0\.2 s"):
        encode(encoder, ["mug"])


def test_a_service_that_is_away_is_an_error_that_passes(encoder, server, monkeypatch):
    for limit in ("RETRY_TIMEOUT_S", "LOAD_RETRY_TIMEOUT_S"):
        monkeypatch.setattr(http_encoder, limit, 0.1)
    encode(encoder, ["mug"])
    server.shutdown()
    server.server_close()
    server.troubles = [Answer(500)] * 9  # of the connection that is still open
    with pytest.raises(EncoderUnavailableError, match=server.host):
        encode(encoder, ["pot"])
    with pytest.raises(EncoderUnavailableError, match=rf"{server.host} cannot be reached: .*refused"):
        load_encoder(f"http:{uuid.uuid4()}")


def test_a_text_that_is_refused_costs_its_neighbours_nothing(encoder, server):
    texts = [f"mug {number}" for number in range(100)]
    texts[37], texts[90] = "poison", "broken pot"
    vectors = {}

    def collect() -> None:
        for positions, part in encoder.encode_in_parts("text", texts):
            vectors.update(zip(positions, part, strict=True))

    with pytest.raises(ItemsRefusedError) as raised:
        collect()
    assert raised.value.reasons == {
        37: f"{server.host} answered 400: that is nothing to embed",
        90: f"{server.host} answered an embedding that is zero, or not of finite numbers",
    }
    assert sorted(vectors) == [at for at in range(100) if at not in (37, 90)]
    good = [texts[at] for at in sorted(vectors)]
    assert np.array([vectors[at] for at in sorted(vectors)]) == pytest.approx(unit_vectors(good), abs=1e-6)


def test_a_service_that_takes_fewer_texts_gets_fewer(encoder, server):
    server.max_texts = 10
    texts = [f"mug {number}" for number in range(40)]
    assert encode(encoder, texts) == pytest.approx(unit_vectors(texts), abs=1e-6)


def test_a_service_that_refuses_everything_blames_no_text(encoder, server):
    server.refused = ""
    with pytest.raises(EncoderError, match=f"{server.host} answered 400"):
        encode(encoder, ["mug", "pot"])


def test_a_query_that_is_refused_is_reported_and_the_others_have_their_vectors(encoder):
    field = VectorField("text_vector", "text", f"http:{encoder.fingerprint.model}", encoder.fingerprint)
    queries = [{"text": "mug"}, {"text": "poison"}, {}, {"text": "pot"}]
    reported = []
    vectors = QueryEncoder([field]).encode_batch(queries, on_media_error=lambda *what: reported.append(what))
    assert [set(one) for one in vectors] == [{"text_vector"}, set(), set(), {"text_vector"}]
    assert vectors[3]["text_vector"] == pytest.approx(unit_vectors(["pot"])[0].tolist(), abs=1e-6)
    ((position, modality, error),) = reported
    assert (position, modality) == (1, "text")
    assert "nothing to embed" in str(error)
    with pytest.raises(ItemsRefusedError, match="nothing to embed"):
        QueryEncoder([field]).encode("poison")


def shortened(texts):
    answer = embeddings_of(texts)
    for one in answer["data"]:
        one["embedding"] = one["embedding"][:3]
    return answer


WRONG = {
    "html": ("<html>Welcome</html>", "answered no JSON object"),
    "array": ([], "answered no JSON object"),
    "error with 200": ({"error": "no"}, "no list `data`"),
    "data of texts": ({"data": ["x", "y"]}, "no list `data`"),
    "one too few": (embeddings_of(["mug"]), "answered 1 embeddings, numbered otherwise than the 2 texts"),
    "one twice": ({"data": embeddings_of(["mug"])["data"] * 2}, "numbered otherwise"),
    "no index": ({"data": [{"embedding": [1, 2]}] * 2}, "numbered otherwise"),
    "dimension": (shortened(["mug", "pot"]), f"of 3 dimensions, and of {DIMENSION} when"),
    "ragged": (
        {"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1, 2]}]}, "lists of equally many numbers",
    ),
    "base64": ({"data": [{"index": at, "embedding": "AACAPw=="} for at in (0, 1)]}, "lists of equally many numbers"),
    "nested": ("[" * 100_000, "answered no JSON object"),
}  # fmt: skip


@pytest.mark.parametrize("which", WRONG)
def test_a_wrong_answer_is_an_error_that_names_the_host(encoder, server, which):
    body, reason = WRONG[which]
    server.troubles = [Answer(200, body)]
    with pytest.raises(EncoderError, match=reason) as raised:
        encode(encoder, ["mug", "pot"])
    assert server.host in str(raised.value)
    assert len(server.seen) == 1


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "1e999", "null"])
def test_numbers_that_are_none_are_an_error_of_their_text(encoder, server, wrong):
    numbers = f"[{', '.join([wrong] * DIMENSION)}]"
    good = f"[{', '.join(['1'] * DIMENSION)}]"
    server.troubles = [
        Answer(200, f'{{"data": [{{"index": 1, "embedding": {good}}}, {{"index": 0, "embedding": {numbers}}}]}}')
    ]
    with pytest.raises(ItemsRefusedError, match="not of finite numbers") as raised:
        encode(encoder, ["mug", "pot"])
    assert set(raised.value.reasons) == {0}


def test_a_service_that_has_only_such_numbers_blames_no_text(load, server):
    server.troubles = [Answer(200, {"data": [{"index": 0, "embedding": [None, 0.5]}]})]
    with pytest.raises(EncoderError, match="not of finite numbers"):
        load()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            Answer(401, {"error": {"message": f"Incorrect API key: {KEY[:-3]}***"}}),
            r"refuses the key \(401\); set LTR_E",
        ),
        (Answer(404, {"error": {"message": "no such model"}}), "answered 404: no such model; check LTR_EMBEDDINGS_URL"),
        (Answer(301, headers={"Location": "http://127.0.0.1:1/elsewhere"}), "answered 301"),
        (Answer(405, f"<html>{KEY}</html>"), "answered 405"),
        (Answer(402, {"detail": f"pay for {KEY}"}), r"answered 402: pay for \[key\]"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_what_stays_wrong_is_told_at_once_and_never_the_key(load, server, answer, reason):
    server.troubles = [answer]
    with pytest.raises(EncoderError, match=reason) as raised:
        load()
    assert server.host in str(raised.value)
    assert "s3cret" not in str(raised.value)
    assert len(server.seen) == 1


def test_without_a_key_none_is_sent(monkeypatch, load, server):
    monkeypatch.delenv("LTR_EMBEDDINGS_API_KEY")
    load()
    assert "Authorization" not in server.headers[-1]
    server.troubles = [Answer(401)]
    with pytest.raises(EncoderError, match="wants a key"):
        load()


def test_without_an_address_the_setting_is_named(monkeypatch):
    monkeypatch.delenv("LTR_EMBEDDINGS_URL", raising=False)
    with pytest.raises(EncoderSpecError, match="set LTR_EMBEDDINGS_URL"):
        load_encoder(f"http:{uuid.uuid4()}")


def test_loading_asks_once(load, server):
    load()
    assert len(server.seen) == 1
