"""Texts whose tokens are made together, and padded in their batches."""

import pytest
import torch
from small_bert import VOCABULARY, save_tokenizer
from transformers import AutoTokenizer

from ltr_plugin.encoders.runtime.token_padding import pad_tokens, split_tokens

WORDS = VOCABULARY[-8:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(folder)
    return folder


@pytest.fixture(params=["left", "right"])
def tokenizer(folder, request):
    return AutoTokenizer.from_pretrained(folder, padding_side=request.param, pad_token="[MASK]")  # noqa: S106 - not 0


def of(tokens):
    """A text of so many tokens, the two around every text included."""
    return " ".join(WORDS[place % len(WORDS)] for place in range(tokens - 2))


def same(again, alone):
    return set(again) == set(alone) and all(torch.equal(again[name], alone[name]) for name in alone)


def test_a_batch_is_what_the_tokenizer_would_have_made_of_it_alone(tokenizer):
    texts = [of(5), of(2), of(9), of(3)]
    tokenized = split_tokens(tokenizer(texts), tokenizer, 512)
    assert [len(text) for text in tokenized] == [5, 2, 9, 3]
    for chosen in ([3, 1], [2], [0, 1, 2, 3], [1, 1]):
        alone = tokenizer([texts[row] for row in chosen], padding=True, return_tensors="pt")
        assert set(alone) == {"input_ids", "token_type_ids", "attention_mask"}
        assert same(pad_tokens([tokenized[row] for row in chosen]), alone)


def test_a_text_that_nearly_fills_whole_lots_is_given_them(tokenizer):
    texts = [of(tokens) for tokens in (12, 14, 26, 28)]
    tokenized = split_tokens(tokenizer(texts), tokenizer, 512)
    assert [len(text) for text in tokenized] == [12, 16, 26, 32]
    alone = tokenizer(texts[:2], padding="max_length", max_length=16, return_tensors="pt")
    assert same(pad_tokens(tokenized[:2]), alone)
    assert [len(text) for text in split_tokens(tokenizer(texts), tokenizer, 28)] == [
        12,
        16,
        26,
        28,
    ]  # a model has no more


def test_no_token_is_cut(tokenizer):
    texts = [of(12), of(26)]
    tokenized = split_tokens(tokenizer(texts), tokenizer, 20)  # such as of a model that says nothing of its places
    assert same(pad_tokens(tokenized), tokenizer(texts, padding=True, return_tensors="pt"))


def test_what_is_said_of_all_texts_is_said_of_each_batch(tokenizer):
    tokenized = split_tokens({**tokenizer([of(5), of(3)]), "modality": "text"}, tokenizer, 512)
    assert pad_tokens(tokenized[1:])["modality"] == "text"


def test_a_text_without_any_token_keeps_a_column(tokenizer):
    tokenized = split_tokens(tokenizer(["", "mug"], add_special_tokens=False), tokenizer, 512)
    assert pad_tokens(tokenized[:1])["input_ids"].tolist() == [[tokenizer.pad_token_id]]
    assert pad_tokens(tokenized[:1])["attention_mask"].tolist() == [[0]]
    assert pad_tokens(tokenized)["attention_mask"].tolist() == [[0], [1]]
