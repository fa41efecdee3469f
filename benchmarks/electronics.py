"""Every ranker beside BM25 on 19,406 electronics products with human grades, five-fold by query.

    ltr node start && python benchmarks/electronics.py ../shared/data/electronics

Every query is ranked in the cluster by a model that has never seen it: five rankers of a kind are trained, each on four
fifths of the queries, pushed with their parity check, and asked for the remaining fifth. Answerable are the queries
that have a relevant product among the judged ones; for the others every ranker has 0.
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

from ltr_plugin.cli.progress_bar import progress_bar
from ltr_plugin.cluster.connection import connect
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, vector_fields
from ltr_plugin.evaluation.comparison import compare
from ltr_plugin.features.feature_set import load_feature_set
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.judgments.qrels import Qrels, read_qrels
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.evaluate import run_ranking
from ltr_plugin.pipelines.index_catalog import embed_backlog, write_catalog
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.queries.templates import BASELINES, Ranking
from ltr_plugin.rankers.trainers import get_trainer
from ltr_plugin.rankers.training.folds import folds_by_query
from ltr_plugin.resources import resource_dir
from ltr_plugin.settings import Settings

RESULTS = Path(__file__).parent / "results"
RANKERS: dict[str, dict[str, int]] = {
    "linear": {},
    "logistic": {},
    "svm": {},
    "late": {},
    "xgboost": {"folds": 5},
    "mlp": {"folds": 5},
    "lambdamart": {"folds": 5, "num_leaves": 7},
    "fusion": {"folds": 5},
}
CAVEAT = (
    "Features and settings were chosen by cross-validation on these same queries, "
    "so the learned rankers' numbers are optimistic."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--negatives", type=int, default=10)
    arguments = parser.parse_args()
    data: Path = arguments.data
    settings = Settings.from_env()
    cluster = connect(settings)
    seconds: dict[str, float] = {}

    def timed(name: str, began: float) -> None:
        seconds[name] = round(time.perf_counter() - began, 1)

    began = time.perf_counter()
    with progress_bar("writing products") as progress:
        result = write_catalog(
            cluster, data / "catalog.jsonl.gz", "electronics", vector_fields(DEFAULT_TEXT_ENCODER), progress=progress
        )
    timed("write", began)
    began = time.perf_counter()
    with progress_bar("making vectors") as progress:
        index = embed_backlog(settings, result.index, result.pending_alias, progress=progress)
    timed("embed", began)

    table_path = settings.runs / "electronics" / "features.parquet"
    began = time.perf_counter()
    features = load_feature_set(resource_dir("feature_sets") / "words.yaml")
    logged = log_features(
        index, features, data / "queries.jsonl", data / "qrels.txt", table_path, negatives=arguments.negatives
    )
    timed("log features", began)
    print(logged)
    table, qrels = FeatureTable.read(table_path), read_qrels(data / "qrels.txt")
    encoded = {one.query.id: one for one in encode(index, data / "queries.jsonl") if qrels.for_query(one.query.id)}

    full: dict[str, dict] = {}
    judged: dict[str, dict] = {}
    for name in ("bm25", "vectors", "random"):
        views = run_ranking(index, list(encoded.values()), qrels, BASELINES[name])
        full[name], judged[name] = dict(views.full), dict(views.judged)
    parities = []
    began = time.perf_counter()
    for held in folds_by_query(encoded, arguments.folds, seed=7):
        rows = table.for_queries(set(encoded) - held)
        mine = [encoded[query] for query in sorted(held)]
        for kind, settings in RANKERS.items():
            settings_type, train = get_trainer(kind)
            ranker = train(rows, settings_type(**settings))
            pushed = push(index, ranker, mine)
            parities.append(pushed)
            print(pushed.model, pushed.parity)
            views = run_ranking(index, mine, qrels, Ranking(ranker.kind, model=pushed.model))
            full.setdefault(ranker.kind, {}).update(views.full)
            judged.setdefault(ranker.kind, {}).update(views.judged)
    timed("train, prove and rank, all folds", began)
    known = Qrels({query: qrels.for_query(query) for query in encoded})
    answerable = {"answerable": {query for query in encoded if max(qrels.for_query(query).values()) > 0}}
    tables = [
        compare(full, known, answerable, view="whole index"),
        compare(judged, known, answerable, view="judged products"),
    ]
    report = {
        "command": "python benchmarks/electronics.py DATA",
        "products": index.count(),
        "folds": arguments.folds,
        "logged": {**asdict(logged), "table": None},
        "views": [table.to_json() for table in tables],
        "parity": {pushed.model: pushed.parity.to_json() for pushed in parities},
        "seconds": seconds,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "electronics.json").write_text(json.dumps(report, indent=1) + "\n")
    text = "\n".join(table.to_markdown() for table in tables)
    proof = "\n".join(f"- {pushed.model}: {pushed.parity}" for pushed in parities)
    took = ", ".join(f"{name} {value} s" for name, value in seconds.items())
    (RESULTS / "electronics.md").write_text(
        f"# Electronics: 19,406 products, {len(encoded)} queries, five-fold by query\n\n"
        f"    ltr node start && python benchmarks/electronics.py DATA\n\n{CAVEAT}\n\n{text}\n"
        f"## Parity\n\n{proof}\n\n## Time\n\n{took}\n"
    )
    print(text)


if __name__ == "__main__":
    main()
