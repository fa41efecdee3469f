"""Slices of the judged queries, by what they consist of and by what is relevant to them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import MEDIA_FIELDS, Product
from ltr_plugin.cluster.index import Index
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import EncodedQuery

MIN_SLICE_QUERIES = 10
"""Queries that a slice by category or by number of relevant products needs; other slices are always shown."""

QuerySlices = Mapping[str, set[str]]


def slice_queries(index: Index, judged: Sequence[EncodedQuery], qrels: Qrels) -> QuerySlices:
    """The queries of each slice; one query may be in several.

    - By input: `text`, `image`, `audio`, `video`, `mixed`.
    - `answerable`: the queries with a relevant product, where others have none.
    - `relevant products without image` (most of the best products have none) and `... with image`; also for audio and
      video.
    - `few relevant` and `many relevant`: the halves with fewer and with more relevant products.
    - `head` and `tail`, where all queries have a frequency: the fewest queries that make up half of the traffic, and
      the others.
    - By the first category of the best products.
    """
    best = {one.query.id: _best_products(qrels.for_query(one.query.id)) for one in judged}
    products = _fetch_products(index, {id_ for ids in best.values() for id_ in ids})
    by_name: dict[str, set[str]] = defaultdict(set)
    for one in judged:
        by_name[one.query.mode].add(one.query.id)
    if len(by_name) == 1:
        by_name.clear()
    answerable = [query for query, ids in best.items() if ids]
    if len(answerable) < len(judged):
        by_name["answerable"] = set(answerable)
    for modality in MEDIA_FIELDS:
        with_media = {id_ for id_, product in products.items() if product.media(modality)}
        if with_media and len(with_media) < len(products):
            without_media = {
                query for query in answerable if sum(id_ in with_media for id_ in best[query]) * 2 < len(best[query])
            }
            by_name[f"relevant products without {modality}"] = without_media
            by_name[f"relevant products with {modality}"] = set(answerable) - without_media
    counts = {query: sum(grade > 0 for grade in qrels.for_query(query).values()) for query in answerable}
    by_count = sorted(answerable, key=lambda query: counts[query])
    if len(by_count) >= 2 * MIN_SLICE_QUERIES and counts[by_count[0]] < counts[by_count[-1]]:
        by_name["few relevant"] = set(by_count[: len(by_count) // 2])
        by_name["many relevant"] = set(by_count[len(by_count) // 2 :])
    if head := _head(judged):
        by_name["head"], by_name["tail"] = head, set(best) - head
    by_category: dict[str, set[str]] = defaultdict(set)
    for query in answerable:
        categories = Counter(
            products[id_].category[0] for id_ in best[query] if id_ in products and products[id_].category
        )
        if categories:
            by_category[categories.most_common(1)[0][0]].add(query)
    large = {name: queries for name, queries in by_category.items() if len(queries) >= MIN_SLICE_QUERIES}
    if len(large) > 1:
        by_name |= {f"in {name}": large[name] for name in sorted(large, key=lambda name: -len(large[name]))}
    return by_name


def _head(judged: Sequence[EncodedQuery]) -> set[str]:
    """The fewest queries that make up half of the traffic; none where frequencies are unknown or all equal."""
    frequencies = {one.query.id: one.query.frequency for one in judged if one.query.frequency}
    if len(frequencies) < len(judged) or len(set(frequencies.values())) < 2:
        return set()
    ordered = sorted(frequencies, key=lambda query: -frequencies[query])
    before = accumulate((frequencies[query] for query in ordered), initial=0.0)
    half = sum(frequencies.values()) / 2
    return {query for query, cumulative in zip(ordered, before, strict=False) if cumulative < half}


def _best_products(grades: Mapping[str, int]) -> list[str]:
    """The products of the highest grade; none when no product is relevant."""
    highest = max(grades.values(), default=0)
    return [id_ for id_, grade in grades.items() if grade == highest > 0]


def _fetch_products(index: Index, ids: set[str]) -> dict[str, Product]:
    parts = batched(sorted(ids), 1000)
    return {id_: product for part in parts for id_, product in index.products(part).items()}
