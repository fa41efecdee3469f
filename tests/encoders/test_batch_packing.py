"""Batches of like length: all items once, little padding, within room."""

import itertools

import numpy as np
import pytest

from ltr_plugin.encoders.runtime.batch_packing import BATCH_COST, NEW_SIZE_COST, PADDING_COST, pack


def sizes(batches, lengths):
    return [len(batch) * max(1, *(lengths[place] for place in batch)) for batch in batches]


def cost(batches, lengths, token_budget, known=None):
    made = sizes(batches, lengths)
    new = sum(size not in known for size in made) if known is not None else 0
    return sum(PADDING_COST * size + BATCH_COST * token_budget for size in made) + NEW_SIZE_COST * token_budget * new


def test_every_item_is_in_one_batch_and_batches_are_within_room():
    lengths = np.random.default_rng(0).gamma(3, 12, 300).astype(int).tolist()
    batches = pack(lengths, token_budget=500, max_items=40)
    assert sorted(itertools.chain(*batches)) == list(range(300))
    for batch in batches:
        assert len(batch) <= 40
        assert len(batch) == 1 or len(batch) * max(lengths[place] for place in batch) <= 500
    longest = [lengths[batch[0]] for batch in batches]
    assert longest == sorted(longest, reverse=True)


def test_a_catalog_of_long_and_short_texts_is_hardly_padded():
    lengths = np.random.default_rng(1).gamma(3, 12, 256).astype(int).tolist()
    batches = pack(lengths, token_budget=64 * 33, max_items=256)
    assert sum(len(batch) * lengths[batch[0]] for batch in batches) < 1.15 * sum(lengths)
    by_count = sorted(lengths)
    assert sum(64 * max(by_count[start : start + 64]) for start in range(0, 256, 64)) > 1.3 * sum(lengths)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("known", [None, (), range(3, 300, 7)], ids=["any", "all new", "some new"])
def test_no_other_batches_cost_less(seed, known):
    rng = np.random.default_rng(seed)
    lengths, token_budget = rng.integers(1, 30, 9).tolist(), int(rng.integers(30, 200))
    ordered = sorted(range(9), key=lambda place: -lengths[place])
    others = []
    for cuts in itertools.product([False, True], repeat=8):
        ends = [place + 1 for place, cut in enumerate(cuts) if cut]
        parts = [ordered[start:end] for start, end in itertools.pairwise([0, *ends, 9])]
        if all(len(part) * lengths[part[0]] <= token_budget for part in parts):
            others.append(cost(parts, lengths, token_budget, known))
    assert cost(pack(lengths, token_budget, 9, known), lengths, token_budget, known) == min(others)


def test_a_catalog_has_few_sizes_of_batches_in_the_long_run():
    rng = np.random.default_rng(2)
    known, often = set(), set()
    padded = all_ = 0
    for _ in range(100):
        lengths = rng.gamma(3, 12, 256).astype(int).tolist()
        made = sizes(pack(lengths, 64 * 33, 256, known), lengths)
        known.update(made)
        often.update(sizes(pack(lengths, 64 * 33, 256), lengths))
        padded, all_ = padded + sum(made), all_ + sum(lengths)
    assert len(known) < 100 < 300 < len(often)
    assert padded < 1.12 * all_


def test_items_of_one_length_fill_batches():
    assert pack([3] * 7, token_budget=9, max_items=7) == [[0, 1, 2], [3, 4, 5], [6]]
    assert pack([3] * 7, token_budget=900, max_items=3) == [[0, 1, 2], [3, 4, 5], [6]]


def test_what_is_longer_than_the_room_is_alone_and_what_is_empty_is_there():
    assert pack([50, 0, 2], token_budget=10, max_items=3) == [[0], [2], [1]]
    assert pack([], token_budget=10, max_items=1) == []
