"""Text by the average of its words, from files as Word2Vec and GloVe write them."""

import gzip
import sys

import numpy as np
import pytest

from ltr_plugin.encoders import word_vectors
from ltr_plugin.encoders.word_vectors import load
from ltr_plugin.errors import EncoderError, InputError

WORDS = {
    "the": (1, 1, 1, 1),
    "cup": (0, 4, 0, 0),
    "mug": (0, 4, 1, 0),
    "red": (3, 0, 0, 0),
    "wi": (0, 0, 0, 1),
    "fi": (0, 0, 0, 3),
    "Apple": (0, 0, 4, 0),
    "apple": (2, 2, 0, 0),
}
LINES = [f"{word} {' '.join(f'{number:.4f}' for number in vector)}" for word, vector in WORDS.items()]


@pytest.fixture
def glove(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_text("\n".join(LINES) + "\n")
    return path


def encode(encoder, *texts):
    return encoder.encode("text", [encoder.prepare("text", text) for text in texts])


def cosine(encoder, one, other):
    vectors = encode(encoder, one, other)
    return float(vectors[0] @ vectors[1])


def test_texts_of_like_words_are_near(glove):
    encoder = load(str(glove))
    assert encoder.fingerprint.dimension == 4
    assert np.linalg.norm(encode(encoder, "red cup", "x"), axis=1) == pytest.approx(1, abs=1e-3)
    assert cosine(encoder, "red cup", "mug, red!") > 0.95
    assert cosine(encoder, "red", "cup") == pytest.approx(0, abs=1e-3)


def test_common_words_weigh_little(glove):
    encoder = load(str(glove))
    assert cosine(encoder, "the mug", "mug") > cosine(encoder, "red mug", "mug")


def test_spelling_is_looked_up_as_written_then_in_lower_case_then_in_parts(glove):
    encoder = load(str(glove))
    assert cosine(encoder, "Apple", "apple") < 0.1
    assert cosine(encoder, "CUP", "cup") == pytest.approx(1, abs=1e-3)
    assert cosine(encoder, "Wi-Fi", "wi fi") == pytest.approx(1, abs=1e-3)


def test_an_unknown_word_is_near_to_itself_alone(glove):
    encoder = load(str(glove))
    assert cosine(encoder, "WH-1000XM4", "wh-1000xm4") == pytest.approx(1, abs=1e-3)
    assert abs(cosine(encoder, "WH-1000XM4", "WH-1000XM5")) < 0.95
    assert np.array_equal(encode(load(str(glove)), "xyzzy"), encode(encoder, "xyzzy"))
    assert np.linalg.norm(encode(encoder, "!?")) == pytest.approx(1, abs=1e-3)


def test_every_form_of_a_file_gives_the_same_vectors(glove, tmp_path):
    from gensim.models import KeyedVectors

    (tmp_path / "header.vec").write_text("\n".join([f"{len(WORDS)} 4", *LINES]))
    (tmp_path / "packed.txt.gz").write_bytes(gzip.compress(glove.read_bytes()))
    vectors = KeyedVectors(4)
    vectors.add_vectors(list(WORDS), np.array(list(WORDS.values()), np.float32))
    vectors.save_word2vec_format(str(tmp_path / "google.bin"), binary=True)
    expected = load(str(glove))
    for name in ("header.vec", "packed.txt.gz", "google.bin"):
        encoder = load(str(tmp_path / name))
        assert encoder.fingerprint.weights == expected.fingerprint.weights
        assert np.array_equal(encode(encoder, "the red mug"), encode(expected, "the red mug"))


def test_a_fingerprint_sees_every_word_and_number(glove, tmp_path):
    content = glove.read_text()
    prints = {load(str(glove)).fingerprint.weights}
    for changed in (content.replace("mug", "jug"), content.replace("3.0000", "3.0020")):
        (tmp_path / "other.txt").write_text(changed)
        prints.add(load(str(tmp_path / "other.txt")).fingerprint.weights)
    assert len(prints) == 3


def test_no_more_than_the_most_common_words_are_read(glove, monkeypatch):
    monkeypatch.setattr(word_vectors, "MAX_WORDS", 3)
    encoder = load(str(glove))
    assert abs(cosine(encoder, "red", "apple")) < 0.95  # both unknown
    assert cosine(encoder, "cup", "mug") > 0.95


def test_a_word_may_hold_a_space(tmp_path):
    (tmp_path / "v.txt").write_text("a 1 0\n. . . 0 1\nb 1 1\n")
    assert load(str(tmp_path / "v.txt")).fingerprint.dimension == 2


def test_every_wrong_line_is_named(tmp_path):
    path = tmp_path / "bad.txt"
    path.write_text("a 1 0\nb 1\nc 1 x\nd nan 1\ne 1 1\n")
    with pytest.raises(InputError) as error:
        load(str(path))
    assert [problem.location for problem in error.value.problems] == ["line 2", "line 3", "line 4"]
    assert "'b' is not followed by 2 numbers" in str(error.value)


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_a_file_without_vectors_is_refused(tmp_path, content):
    (tmp_path / "v.txt").write_text(content)
    with pytest.raises(InputError, match="holds no word vectors"):
        load(str(tmp_path / "v.txt"))


def test_a_binary_file_without_gensim_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "v.bin").write_bytes(b"1 2\na ")
    monkeypatch.setitem(sys.modules, "gensim", None)
    with pytest.raises(EncoderError, match=r"v.bin' needs the module gensim, .* pip install 'ltr-plugin\[classical\]'"):
        load(str(tmp_path / "v.bin"))


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(EncoderError, match="no file of word vectors"):
        load(str(tmp_path / "none.txt"))
