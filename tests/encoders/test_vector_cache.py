"""The vectors of texts are kept: the same text is encoded once, whichever field asks for it."""

import numpy as np
import pytest

from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.export.comparison import REPEATS, compare
from ltr_plugin.encoders.runtime.batched_encoder import BatchedEncoder
from ltr_plugin.encoders.runtime.vector_cache import VectorCache

FINGERPRINT = Fingerprint("counting", "lengths", "", 2, "", "0")


class CountingEncoder(BatchedEncoder):
    """Encodes a text as (1, its length), and remembers what it was asked to encode."""

    def __init__(self):
        super().__init__(FINGERPRINT, frozenset({"text"}), batch_size=4)
        self.encoded = []

    def _prepare(self, modality, item):  # noqa: ARG002
        return item

    def _vectors(self, modality, batch):  # noqa: ARG002
        self.encoded += batch
        return np.array([[1, len(text)] for text in batch], np.float32)


class Query(str):
    """What some encoders make of a shopper's text."""

    __slots__ = ()


def lengths(encoder, texts):
    vectors = encoder.encode("text", texts)
    assert vectors.dtype == np.float32
    return vectors[:, 1].tolist()


def test_a_text_is_encoded_once_and_keeps_its_place():
    encoder = CountingEncoder()
    assert lengths(encoder, ["a", "bb", "ccc"]) == [1, 2, 3]
    assert lengths(encoder, ["dddd", "bb", "eeeee", "a"]) == [4, 2, 5, 1]
    assert sorted(encoder.encoded) == ["a", "bb", "ccc", "dddd", "eeeee"]
    assert lengths(encoder, ["ccc", "a"]) == [3, 1]
    assert len(encoder.encoded) == 5


def test_a_query_is_not_the_product_of_the_same_text():
    encoder = CountingEncoder()
    encoder.encode("text", ["red shoe"])
    encoder.encode("text", [Query("red shoe")])
    assert list(map(type, encoder.encoded)) == [str, Query]


def test_a_vector_changed_by_its_owner_is_not_changed_for_others():
    encoder = CountingEncoder()
    encoder.encode("text", ["a"])[:] = 9
    encoder.encode("text", ["a"])[:] = 9
    assert lengths(encoder, ["a"]) == [1]


def test_what_is_measured_is_encoded():
    encoder, other = CountingEncoder(), CountingEncoder()
    texts = [f"text {number}" for number in range(5)]
    compare(encoder, other, "text", texts)
    assert len(encoder.encoded) == len(other.encoded) >= (1 + REPEATS) * len(texts)
    assert lengths(encoder, ["text 0"]) == [6]


def test_the_texts_used_last_are_kept():
    cache = VectorCache(2)
    cache.keep(["a", "b"], np.eye(2, dtype=np.float32))
    cache.find(["a"])
    cache.keep(["c"], np.ones((1, 2), np.float32))
    assert sorted(cache.find(["a", "b", "c"])) == [0, 2]


@pytest.mark.parametrize(("size", "again"), [("0", 2), ("1", 1)])
def test_the_setting_says_how_many_are_kept(monkeypatch, size, again):
    monkeypatch.setenv("LTR_CACHED_TEXTS", size)
    encoder = CountingEncoder()
    for _ in range(2):
        encoder.encode("text", ["a"])
    assert len(encoder.encoded) == again
