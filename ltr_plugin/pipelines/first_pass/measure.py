"""The scales of a first pass, measured on an index by searches: nothing is written to it.

Each query vector of a sample is searched for in each field of its space, as the first pass does, and the similarities
of its window are kept. LOW and HIGH are percentiles of these, for each query alone, and `low` and `high` of the scale
their medians over the queries:

- `low` is what an unrelated product at the end of the window has. It adds next to nothing, so that a product that a
  window just misses loses nothing either. (As they are, similarities of unrelated products are 0.5 to 0.8: a product
  would gain more by being in one more window than by being the most similar one in it.)
- `high` is what a good product has: one of the best twentieth of the window. The very best similarity of a query would
  rest on one product, and on whether the index has a near copy.

Words and vectors count alike: the weight of a space is the median of the best BM25 score of the sample's texts, shared
by the spaces of one modality of the query, so that a text counts as much by its words as by all its vectors.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.search import msearch, msearch_template
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.pipelines.encode_queries import EncodedQuery, FailedQueries, encode, encode_queries
from ltr_plugin.profile.first_pass import VectorScale
from ltr_plugin.profile.index_profile import IndexProfile, value_at
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.templates import BASELINES, search_template

LOW, HIGH = 5, 95
"""Percentiles of a query's window."""

SAMPLE = 200
"""Products, or queries of a file, that are searched for."""

SAMPLE_WORDS = 2
"""Words of a title that are searched for, as many as shoppers type. Whole titles are more like each other, and their
BM25 scores are greater: a scale that is measured by them makes nothing of what a short query finds."""

MIN_SEARCHES, SEED, DIGITS = 5, 7, 4


@dataclass(frozen=True)
class Measurement:
    """The measured scales, how many searches each of them rests on, and which pairs of a query vector and a field have
    none, with the reason. `weight` is the median best BM25 score; `failed` has the queries that failed."""

    scales: tuple[VectorScale, ...]
    searches: tuple[int, ...]
    weight: float
    left_out: tuple[str, ...]
    failed: FailedQueries

    def applied_to(self, profile: IndexProfile) -> IndexProfile:
        """The profile with these scales in place of its own."""
        return profile.model_copy(update={"first_pass": profile.first_pass.model_copy(update={"scales": self.scales})})


@dataclass(frozen=True)
class _Sample:
    """A query with its parameters, and the product that it was made of, which is not among what it finds."""

    encoded: EncodedQuery
    product: str | None = None


def measure_scales(index: Index, queries: Path | None = None, *, sample: int = SAMPLE) -> Measurement:
    """The scales of the first pass of an index, for each query vector with each field of its space.

    `queries` is a file of queries (JSON Lines), of which so many are taken, evenly. Without it, `sample` products of
    the index are: two words of a title are a text to search for, and a stored vector of a photo, recording or video is
    one of such a query; what is found does not count the product itself. Queries that shoppers made are the better
    sample. InputError where no scale can be measured.
    """
    failed = FailedQueries()
    drawn = _from_file(index, queries, sample, failed) if queries else _from_products(index, sample)
    weight = _best_bm25(index, drawn)
    pairs = index.retrieval().knn_pairs
    vectors = {vector.parameter: vector for vector in index.vectors}
    ranges = {pair: _range(index, drawn, *pair) for pair in pairs}
    measured = {pair: found for pair, found in ranges.items() if not isinstance(found, str)}
    shares = Counter(vectors[query].source for query, _ in measured)
    scales = tuple(
        VectorScale(
            query=query,
            field=field,
            weight=round(weight / shares[vectors[query].source], DIGITS),
            low=low,
            high=high,
            space=vectors[query].fingerprint.digest,
        )
        for (query, field), (low, high, _) in measured.items()
    )
    left_out = tuple(
        f"{query} with {field}: {found}" for (query, field), found in ranges.items() if isinstance(found, str)
    )
    if not scales:
        reasons = "; ".join(left_out) or "its profile has no vectors, so there is nothing to scale"
        raise InputError(f"index {index.alias}", reasons)
    return Measurement(scales, tuple(count for _, _, count in measured.values()), weight, left_out, failed)


def _from_file(index: Index, queries: Path, sample: int, failed: FailedQueries) -> list[_Sample]:
    return [_Sample(one) for one in encode(index, queries, limit=sample, failed=failed)]


def _from_products(index: Index, sample: int) -> list[_Sample]:
    """Products drawn at random, each with its title and its stored vectors of media as a query."""
    profile = index.profile
    media = [vector for vector in index.vectors if vector.source != "text"]
    drawn = {"function_score": {"query": {"match_all": {}}, "random_score": {"seed": SEED, "field": "_seq_no"}}}
    fields = [*profile.id_source, *(vector.name for vector in media), *profile.part_fields]
    body = {"query": drawn, "size": sample, "_source": fields}
    (hits,) = msearch(index, [("sample", body)])
    titles = [profile.read_product(hit.id, hit.source).title for hit in hits]
    rng = Random(SEED)  # noqa: S311 - no secret
    typed = [Query(id=str(position), text=_words(title, rng)) for position, title in enumerate(titles) if title]
    text_vectors = [vector for vector in index.vectors if vector.content == "text"]
    encoded = {int(one.query.id): one for one in encode_queries(index, typed, Path(), vectors=text_vectors)}
    samples = []
    for position, hit in enumerate(hits):
        stored = {vector.parameter: value_at(hit.source, vector.name) for vector in media}
        params = {name: value for name, value in stored.items() if isinstance(value, list)}
        one = encoded.get(position)
        query = one.query if one else Query(id=str(position), text="product")
        samples.append(_Sample(EncodedQuery(query, {"text": "", **(one.params if one else {}), **params}), hit.id))
    return samples


def _words(title: str, rng: Random) -> str:
    """A few words of a title, drawn at random, in its order."""
    words = title.split()
    return " ".join(
        words[position] for position in sorted(rng.sample(range(len(words)), min(SAMPLE_WORDS, len(words))))
    )


def _range(index: Index, drawn: Sequence[_Sample], query: str, field: str) -> tuple[float, float, int] | str:
    """`low` and `high` of the similarities of a query vector with a field, and of how many searches; or why none."""
    window, nearest = index.retrieval().window_size, index.cluster.engine.nearest
    asked = [one for one in drawn if one.encoded.params.get(query)]
    body = {"size": window, "_source": list(index.profile.id_source)}
    searches = (
        (one.encoded.query.id, {**body, "query": nearest(field, one.encoded.params[query], window)}) for one in asked
    )
    refused: list[ClusterError] = []
    results = msearch(index, searches, on_error=lambda _, error: refused.append(error))
    scores = [[hit.score for hit in hits if hit.id != one.product] for one, hits in zip(asked, results, strict=True)]
    ends = [np.percentile(found, (LOW, HIGH)) for found in scores if len(found) > 1]
    if len(ends) < MIN_SEARCHES:
        reason = str(refused[0]) if refused else "give queries that have it with --queries"
        return f"{len(ends)} of the sample's queries have it and find products, fewer than {MIN_SEARCHES}; {reason}"
    low, high = (round(float(value), DIGITS) for value in np.median(ends, axis=0))
    return (low, high, len(ends)) if low < high else f"all similarities are {low:g}"


def _best_bm25(index: Index, drawn: Sequence[_Sample]) -> float:
    """The median of the best BM25 score of the sample's texts; 1 where none finds anything."""
    typed = [one for one in drawn if one.encoded.params.get("text")]
    template = {"source": search_template(index.retrieval(), BASELINES["bm25"])}
    searches = ((one.encoded.query.id, {"text": one.encoded.params["text"], "size": 2}) for one in typed)
    results = msearch_template(index, template, searches, on_error=lambda *_: None)
    best = [
        max((hit.score for hit in hits if hit.id != one.product), default=0.0)
        for one, hits in zip(typed, results, strict=True)
    ]
    found = [score for score in best if score > 0]
    return float(np.median(found)) if found else 1.0
