"""Texts whose tokens are made together, and padded anew in their batches."""

import pytest
import torch

from workers.encoders.tokens import apart, together

ROWS = [[5, 6, 7, 8, 9], [5, 9], [5, 6, 9]]


def padded(rows, side, columns=0):
    columns = max(columns, *map(len, rows))

    def row(numbers):
        filling = [0] * (columns - len(numbers))
        return [*numbers, *filling] if side == "right" else [*filling, *numbers]

    ids, mask = ([row(numbers) for numbers in kind] for kind in (rows, [[1] * len(one) for one in rows]))
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask), "modality": "text"}


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_batch_is_what_the_tokenizer_would_have_made_of_it_alone(side):
    texts = apart(padded(ROWS, side))
    assert [len(text) for text in texts] == [5, 2, 3]
    again, alone = together([texts[2], texts[1]]), padded([ROWS[2], ROWS[1]], side)
    assert again.pop("modality") == alone.pop("modality")
    assert all(torch.equal(again[name], alone[name]) for name in alone)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_text_that_nearly_fills_whole_lots_is_given_them(side):
    rows = [list(range(1, 1 + tokens)) for tokens in (12, 14, 26, 28)]
    texts = apart(padded(rows, side, columns=32))
    assert [len(text) for text in texts] == [12, 16, 26, 32]
    again, alone = together(texts[:2]), padded(rows[:2], side, columns=16)
    assert all(torch.equal(again[name], alone[name]) for name in again if name != "modality")
    assert [len(text) for text in apart(padded(rows, side))] == [12, 16, 26, 28]  # there are no more columns


def test_a_text_without_any_token_keeps_a_column():
    nothing = torch.zeros(1, 4, dtype=torch.long)
    assert together(apart({"input_ids": nothing, "attention_mask": nothing}))["input_ids"].shape == (1, 1)
