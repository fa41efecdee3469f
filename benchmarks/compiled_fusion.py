"""A compiled fusion network on a live cluster: parity on every pattern of missing parts, and what a search costs.

    ltr node start && python benchmarks/compiled_fusion.py runs/demo/features.parquet

Products carry the rows of a feature table as plain numbers, in turn whole and with parts of the query or the product
taken away, so that the cluster's own features are those rows. Fusion and LambdaMART, both trained on that table, score
all of them through `sltr`, and then rescore a window of 200. Timings mean something on an idle machine only.
"""

import argparse
import json
import time
import uuid
from itertools import chain, combinations
from pathlib import Path

import numpy as np

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.feature_log import QueryProducts, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.opensearch import connect
from ltr_plugin.cluster.versions import open_or_create
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.rankers.export.parity import compare_scores
from ltr_plugin.rankers.fusion import train_fusion
from ltr_plugin.rankers.lambdamart import train_lambdamart

RESULTS = Path(__file__).parent / "results"
WINDOW = 200
LIST = 100
"""Rows that are compared with each other as one query's."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--searches", type=int, default=500)
    parser.add_argument("--smoke", action="store_true", help="write no results")
    given = parser.parse_args()
    table = FeatureTable.read(given.table)
    features = table.feature_set
    rows, ways = patterns(table, features, given.rows)
    cluster = connect()
    alias = f"compiled-{uuid.uuid4().hex[:8]}"
    index = open_or_create(cluster, alias, (), given.table.parent)
    store, found = FeatureStore(cluster), {}
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
                asked = [
                    QueryProducts(
                        f"q{start}", {"text": ""}, [f"p{n}" for n in range(start, min(start + LIST, len(rows)))]
                    )
                    for start in range(0, len(rows), LIST)
                ]
                queries, remote, seen = [], [], []
                logged = fetch_features(index, plain, asked, model=name)
                for one, hits in zip(asked, logged, strict=True):
                    queries += [one.query] * len(hits)
                    remote += [hit.score for hit in hits]
                    seen += [
                        [feature_values(hit)[feature] or 0.0 for feature in features.feature_names] for hit in hits
                    ]
                values = np.array(seen, dtype=np.float32)
                here = ranker.predict(values)
                parity = compare_scores(np.array(queries, dtype=object), here, np.array(remote), export.tolerance)
                found[ranker.kind] = {
                    **parity.to_json(),
                    "derived_features": len(export.derived),
                    "ms": rescoring(cluster, index.name, name, given.searches),
                }
            finally:
                store.delete_model(name)
    finally:
        cluster.call("DELETE", f"/{index.name}")
    added = found["fusion"]["ms"]["p95"] - found["lambdamart"]["ms"]["p95"]
    result = {"patterns": ways, **found, "added_p95_ms": round(added, 2)}
    print(json.dumps(result, indent=2))
    if not given.smoke:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "compiled_fusion.json").write_text(json.dumps(result, indent=2) + "\n")


def patterns(table: FeatureTable, features: FeatureSet, count: int) -> tuple[Floats, int]:
    """So many rows of the table, in turn with each subset of query parts and product parts gone; how many subsets."""
    modality_mask = ModalityMask(features)
    ways = [(query, product) for query in subsets(modality_mask.query) for product in subsets(modality_mask.product)]
    picked = np.random.default_rng(7).choice(len(table), size=count)
    rows = table.zero_filled[picked].copy()
    for place, (query, product) in enumerate(ways):
        rows[place :: len(ways)] = modality_mask.drop(rows[place :: len(ways)], query=query, product=product)
    return rows, len(ways)


def subsets(parts: dict[str, object]) -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(parts, size) for size in range(len(parts) + 1)))


def as_numbers(features: FeatureSet, name: str) -> FeatureSet:
    """The set with every plain feature read from a number of the product; derived ones stay."""
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
    """Milliseconds of a search that rescores a window by a model, as the client sees them, after some to warm up."""
    second = {"rescore_query": {"sltr": {"model": model, "params": {"text": ""}}}, "query_weight": 0}
    body = {
        "query": {"match_all": {}},
        "rescore": {"window_size": WINDOW, "query": second},
        "size": 10,
        "_source": False,
    }
    took = []
    for _ in range(searches + searches // 5):
        began = time.perf_counter()
        cluster.call("POST", f"/{index}/_search", body)
        took.append((time.perf_counter() - began) * 1000)
    took = took[searches // 5 :]
    return {name: round(float(np.percentile(took, share)), 2) for name, share in (("p50", 50), ("p95", 95))}


if __name__ == "__main__":
    main()
