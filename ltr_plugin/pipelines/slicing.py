"""Parts of the judged queries, for which a ranker's mean may tell another story than for all of them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import MODALITIES, Product
from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.asking import Asked

FEWEST = 10
"""Queries that a slice by category needs to be shown; the ways of asking and the modalities are always shown."""

Slices = Mapping[str, set[str]]


def slices(index: ProductIndex, judged: Sequence[Asked], qrels: Qrels) -> Slices:
    """The queries of each slice; one query may be in several.

    By how it asks (`typed`, `photo`, ...); `answerable`, with a relevant product at all; by what the best products for
    it lack (`answers without photo`: most of them, in a catalog where others have photos); `few answers` and `many
    answers`, the halves with fewer and more relevant products; `head` and `tail`, where all queries tell their
    frequency: the fewest that make up half of all that is asked, and the others; and by the first category of the best
    products.
    """
    best = {one.query.id: _best(qrels.of(one.query.id)) for one in judged}
    products = _fetched(index, {id_ for ids in best.values() for id_ in ids})
    found: dict[str, set[str]] = defaultdict(set)
    for one in judged:
        found[one.query.mode].add(one.query.id)
    if len(found) == 1:
        found.clear()
    answerable = [query for query, ids in best.items() if ids]
    if len(answerable) < len(judged):
        found["answerable"] = set(answerable)
    named = {"image": "photo", "audio": "sound", "video": "video"}
    for modality in MODALITIES:
        having = {id_ for id_, product in products.items() if product.media(modality)}
        if modality in named and having and len(having) < len(products):
            lacking = {
                query for query in answerable if sum(id_ in having for id_ in best[query]) * 2 < len(best[query])
            }
            found[f"answers without {named[modality]}"] = lacking
            found[f"answers with {named[modality]}"] = set(answerable) - lacking
    counts = {query: sum(grade > 0 for grade in qrels.of(query).values()) for query in answerable}
    by_count = sorted(answerable, key=lambda query: counts[query])
    if len(by_count) >= 2 * FEWEST and counts[by_count[0]] < counts[by_count[-1]]:
        found["few answers"] = set(by_count[: len(by_count) // 2])
        found["many answers"] = set(by_count[len(by_count) // 2 :])
    if head := _head(judged):
        found["head"], found["tail"] = head, set(best) - head
    by_category: dict[str, set[str]] = defaultdict(set)
    for query in answerable:
        named_in = Counter(
            products[id_].category[0] for id_ in best[query] if id_ in products and products[id_].category
        )
        if named_in:
            by_category[named_in.most_common(1)[0][0]].add(query)
    large = {name: queries for name, queries in by_category.items() if len(queries) >= FEWEST}
    if len(large) > 1:
        found |= {f"in {name}": large[name] for name in sorted(large, key=lambda name: -len(large[name]))}
    return found


def _head(judged: Sequence[Asked]) -> set[str]:
    """The fewest queries that make up half of all that is asked; none where frequencies are unknown or all alike."""
    often = {one.query.id: one.query.frequency for one in judged if one.query.frequency}
    if len(often) < len(judged) or len(set(often.values())) < 2:
        return set()
    ordered = sorted(often, key=lambda query: -often[query])
    before = accumulate((often[query] for query in ordered), initial=0.0)
    half = sum(often.values()) / 2
    return {query for query, asked in zip(ordered, before, strict=False) if asked < half}


def _best(grades: Mapping[str, int]) -> list[str]:
    """The products of the highest grade; none where nothing is relevant."""
    highest = max(grades.values(), default=0)
    return [id_ for id_, grade in grades.items() if grade == highest > 0]


def _fetched(index: ProductIndex, ids: set[str]) -> dict[str, Product]:
    parts = batched(sorted(ids), 1000)
    return {one.product.id: one.product for part in parts for one in index.fetch(part)}
