"""Comparison of two encoders on the same items in one run: similarity of their vectors, and speed."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ltr_plugin.catalog.product import Modality
from ltr_plugin.encoders.protocol import Encoder, Vectors
from ltr_plugin.encoders.runtime.vector_cache import uncached

NUM_NEIGHBORS = 10
REPEATS = 3


@dataclass(frozen=True)
class Comparison:
    """Both encoders on `items` of one modality.

    `cosine` and `worst_cosine` compare an item's two vectors: mean and minimum. `nearest_kept` is the share of an
    item's ten nearest neighbours that are the same in both. Speeds are of encoding prepared items, the best of REPEATS
    in turns: `per_s` items in a second, and `one_ms` for a single item.
    """

    modality: Modality
    items: int
    cosine: float
    worst_cosine: float
    nearest_kept: float
    per_s_before: float
    per_s: float
    one_ms_before: float
    one_ms: float


def compare(original: Encoder, other: Encoder, modality: Modality, items: Sequence[Any]) -> Comparison:
    """Both encoders on at least two items; each prepares them in its own way."""
    pair = [(encoder, [encoder.prepare(modality, item) for item in items]) for encoder in (original, other)]
    before, after = (encoder.encode(modality, prepared) for encoder, prepared in pair)  # also tunes batch sizes
    cosines = (before * after).sum(axis=1)
    many: list[list[float]] = [[], []]
    one: list[list[float]] = [[], []]
    for _ in range(REPEATS):
        for which, (encoder, prepared) in enumerate(pair):
            many[which].append(_seconds(encoder, modality, prepared))
            one[which].append(statistics.median(_seconds(encoder, modality, [item]) for item in prepared[:5]))
    return Comparison(
        modality=modality,
        items=len(items),
        cosine=round(float(cosines.mean()), 5),
        worst_cosine=round(float(cosines.min()), 5),
        nearest_kept=round(_kept(before, after), 4),
        per_s_before=round(len(items) / min(many[0]), 1),
        per_s=round(len(items) / min(many[1]), 1),
        one_ms_before=round(1000 * min(one[0]), 2),
        one_ms=round(1000 * min(one[1]), 2),
    )


def _seconds(encoder: Encoder, modality: Modality, prepared: Sequence[Any]) -> float:
    with uncached():
        began = time.perf_counter()
        encoder.encode(modality, prepared)
        return time.perf_counter() - began


def _kept(before: Vectors, after: Vectors) -> float:
    count = min(NUM_NEIGHBORS, len(before) - 1)
    pairs = zip(_nearest(before, count), _nearest(after, count), strict=True)
    return float(np.mean([len(set(one) & set(other)) / count for one, other in pairs]))


def _nearest(vectors: Vectors, count: int) -> list[list[int]]:
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    nearest: list[list[int]] = np.argsort(-similarity, axis=1, kind="stable")[:, :count].tolist()
    return nearest
