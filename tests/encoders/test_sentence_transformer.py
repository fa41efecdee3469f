"""Text encoders of sentence-transformers in all their forms."""

import json
import shutil

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, StaticEmbedding
from small_bert import VOCABULARY
from tokenizers import Tokenizer, models, pre_tokenizers

from ltr_plugin.encoders import load_encoder
from ltr_plugin.encoders.registry import load_full_precision

TEXTS = ["red mug", "a large blue teapot", "mug " * 1000]


def encode(encoder, texts):
    return encoder.encode("text", [encoder.prepare("text", text) for text in texts])


def test_another_pooling_is_another_space(sentence_folder, tmp_path):
    other = shutil.copytree(sentence_folder, tmp_path / "sentence")
    (config,) = other.glob("*_Pooling/config.json")
    width = json.loads(config.read_text())["embedding_dimension"]
    config.write_text(json.dumps(Pooling(width, "cls").get_config_dict()))
    mean, first = (load_encoder(f"sentence-transformers:{folder}").fingerprint for folder in (sentence_folder, other))
    assert (mean.weights, mean.model, mean.dimension) == (first.weights, first.model, first.dimension)
    assert mean != first
    assert mean.preprocessing == "first 48 tokens, Pooling mean"


def test_weights_kept_in_half_the_bits_are_the_same_as_their_floats(sentence_folder, tmp_path):
    model = SentenceTransformer(str(sentence_folder), device="cpu").bfloat16()
    model.save(str(tmp_path / "half" / "sentence"))
    model.float().save(str(tmp_path / "whole" / "sentence"))
    half, whole = (
        load_full_precision(f"sentence-transformers:{tmp_path / name / 'sentence'}") for name in ("half", "whole")
    )
    assert {weights.dtype for weights in half.model.parameters()} == {torch.float32}
    assert half.fingerprint == whole.fingerprint


def test_a_mean_of_words_has_texts_of_any_length(tmp_path):
    vocabulary = {word: place for place, word in enumerate(VOCABULARY)}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    averaging = StaticEmbedding(words, embedding_dim=16)
    SentenceTransformer(modules=[averaging], device="cpu").save(str(tmp_path / "static"))
    encoder = load_encoder(f"sentence-transformers:{tmp_path / 'static'}")
    vectors = encode(encoder, TEXTS)
    assert vectors.shape == (3, 16)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
    assert encoder._towers() == []


def test_long_and_short_texts_have_the_librarys_vectors_in_their_order(sentence_folder, monkeypatch):
    monkeypatch.setenv("LTR_BATCH_SIZE", "3")
    texts = [" ".join(VOCABULARY[-8:][: 1 + place % 7] * (1 + place % 5)) for place in range(40)]
    encoder = load_encoder(f"sentence-transformers:{sentence_folder}")
    library = SentenceTransformer(str(sentence_folder), device="cpu").encode(texts, normalize_embeddings=True)
    assert np.sum(encode(encoder, texts) * library, axis=1) == pytest.approx(1, abs=1e-3)


def test_texts_are_put_together_by_their_tokens(sentence_folder):
    encoder = load_encoder(f"sentence-transformers:{sentence_folder}")
    unknown = "incomprehensibilities" * 9  # one token of many characters
    texts = [VOCABULARY[-1], " ".join(VOCABULARY[-9:]), unknown]
    made = encoder._tokens([encoder.prepare("text", text) for text in texts])
    assert [len(text) for text in made] == [len(encoder.model.tokenizer(text)["input_ids"]) for text in texts]
    assert max(texts, key=len) is unknown
    assert len(made[2]) < len(made[1])
