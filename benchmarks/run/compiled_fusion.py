"""A compiled fusion network in a live cluster: parity for every pattern of missing modalities, and time of a search.

    ltr node start && python -m benchmarks.run.compiled_fusion runs/demo/features.parquet

Products carry the rows of a feature table as plain numbers, complete and with modalities of the query or the product
removed, in turn, so that the cluster's features equal those rows. Fusion and LambdaMART, both trained on that table,
score all of them through `sltr` and then rescore a window of 200. Timings need an idle machine.
"""

import json
import time
import uuid
from collections.abc import Iterable
from itertools import chain, combinations
from pathlib import Path

import numpy as np

from benchmarks.lib.script import argument_parser, write_result
from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_log import QueryProducts, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.rankers.export.parity import compare_scores
from ltr_plugin.rankers.fusion import train_fusion
from ltr_plugin.rankers.lambdamart import train_lambdamart

WINDOW = 200
LIST = 100
"""Rows that are compared with each other as those of one query."""


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("table", type=Path, help="Feature table, as `ltr features log` writes it.")
    parser.add_argument("--rows", type=int, default=10_000, help="Rows to score (%(default)s).")
    parser.add_argument("--searches", type=int, default=500, help="Timed searches of each ranker (%(default)s).")
    given = parser.parse_args()
    table = FeatureTable.read(given.table)
    features = table.feature_set
    rows, pattern_count = patterns(table, features, given.rows)
    cluster = connect()
    alias = f"compiled-{uuid.uuid4().hex[:8]}"
    index = open_or_create(cluster, alias, (), given.table.parent)
    store, results = FeatureStore(cluster), {}
    try:
        for batch in batched(enumerate(rows), 500):
            products = [
                Product(id=f"p{n}", title="x", stats=dict(zip(features.feature_names, map(float, row), strict=True)))
                for n, row in batch
            ]
            assert not [error for _, error in index.put(products) if error]
        index.refresh()
        plain = as_numbers(features, alias)
        store.ensure()
        store.put_feature_set(plain)
        for ranker in (train_lambdamart(table), train_fusion(table)):
            export, name = ranker.export(), f"{alias}-{ranker.kind}"
            store.put_model(name, export.with_derived_features(plain), export.model())
            try:
                pairs = [
                    QueryProducts(
                        f"q{start}", {"text": ""}, [f"p{n}" for n in range(start, min(start + LIST, len(rows)))]
                    )
                    for start in range(0, len(rows), LIST)
                ]
                queries, remote, logged_rows = [], [], []
                logged = fetch_features(index, plain, pairs, model=name)
                for one, hits in zip(pairs, logged, strict=True):
                    queries += [one.query] * len(hits)
                    remote += [hit.score for hit in hits]
                    logged_rows += [
                        [feature_values(hit)[feature] or 0.0 for feature in features.feature_names] for hit in hits
                    ]
                values = np.array(logged_rows, dtype=np.float32)
                local = ranker.predict(values)
                parity = compare_scores(np.array(queries, dtype=object), local, np.array(remote), export.tolerance)
                results[ranker.kind] = {
                    **parity.to_json(),
                    "derived_features": len(export.derived),
                    "ms": rescoring(cluster, index.name, name, given.searches),
                }
            finally:
                store.delete_model(name)
    finally:
        cluster.call("DELETE", f"/{index.name}")
    added = results["fusion"]["ms"]["p95"] - results["lambdamart"]["ms"]["p95"]
    result = {"patterns": pattern_count, **results, "added_p95_ms": round(added, 2)}
    print(json.dumps(result, indent=2))
    write_result(given.out, "compiled_fusion", result)


def patterns(table: FeatureTable, features: FeatureSet, count: int) -> tuple[Floats, int]:
    """`count` rows of the table, in turn with each subset of modalities removed; and the number of subsets."""
    modality_mask = ModalityMask(features)
    removals = [
        (query, product) for query in subsets(modality_mask.query) for product in subsets(modality_mask.product)
    ]
    picked = np.random.default_rng(7).choice(len(table), size=count)
    rows = table.zero_filled[picked].copy()
    for first, (query, product) in enumerate(removals):
        every = slice(first, None, len(removals))
        rows[every] = modality_mask.drop(rows[every], query=query, product=product)
    return rows, len(removals)


def subsets(parts: Iterable[str]) -> list[tuple[str, ...]]:
    """All subsets, the empty one first."""
    parts = list(parts)
    return list(chain.from_iterable(combinations(parts, size) for size in range(len(parts) + 1)))


def as_numbers(features: FeatureSet, name: str) -> FeatureSet:
    """The feature set with every plain feature read from a number of the product; derived features stay."""
    read = [
        feature.model_dump()
        if feature.kind == "derived"
        else {
            "kind": "field_value",
            "name": feature.name,
            "modality": feature.modality,
            "field": f"stats.{feature.name}",
        }
        for feature in features.features
    ]
    return FeatureSet.model_validate({"name": name.replace("-", "_"), "version": 1, "features": read})


def rescoring(cluster, index: str, model: str, searches: int) -> dict[str, float]:
    """Milliseconds of a search that rescores a window with a model, seen by the client, after a warm-up."""
    second = {"rescore_query": {"sltr": {"model": model, "params": {"text": ""}}}, "query_weight": 0}
    body = {
        "query": {"match_all": {}},
        "rescore": {"window_size": WINDOW, "query": second},
        "size": 10,
        "_source": False,
    }
    times_ms = []
    for _ in range(searches + searches // 5):
        began = time.perf_counter()
        cluster.call("POST", f"/{index}/_search", body)
        times_ms.append((time.perf_counter() - began) * 1000)
    times_ms = times_ms[searches // 5 :]
    return {name: round(float(np.percentile(times_ms, share)), 2) for name, share in (("p50", 50), ("p95", 95))}


if __name__ == "__main__":
    main()
