"""Every ranker against BM25 on 19,406 electronics products with human grades, five folds by query.

    ltr node start && python -m benchmarks.run.electronics DATA/electronics

Every query is ranked in the cluster by a model that was trained without it: five rankers of each kind are trained on
four fifths of the queries each, pushed with their parity check, and used for the remaining fifth. A query is answerable
when one of its judged products is relevant; for the others every ranker has 0.
"""

import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.lib.script import argument_parser, command_line, write_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, vector_fields
from ltr_plugin.evaluation.comparison import compare
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.evaluate import run_ranking
from ltr_plugin.pipelines.indexing.embed_backlog import embed_backlog
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.queries.templates import BASELINES, Ranking
from ltr_plugin.rankers.trainers import get_trainer
from ltr_plugin.rankers.training.folds import folds_by_query
from ltr_plugin.settings import Settings

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
    parser = argument_parser(__doc__)
    parser.add_argument("data", type=Path, help="Folder with catalog.jsonl.gz, queries.jsonl and qrels.txt.")
    parser.add_argument("--folds", type=int, default=5, help="Folds by query (%(default)s).")
    parser.add_argument("--negatives", type=int, default=10, help="Sampled negatives per query (%(default)s).")
    arguments = parser.parse_args()
    data: Path = arguments.data
    settings = Settings.from_env()
    cluster = connect(settings=settings)
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
    features = FeatureSet.load("words")
    logged = log_features(
        index, features, data / "queries.jsonl", data / "qrels.txt", table_path, negatives=arguments.negatives
    )
    timed("log features", began)
    print(logged)
    table, qrels = FeatureTable.read(table_path), Qrels.read(data / "qrels.txt")
    encoded = {one.query.id: one for one in encode(index, data / "queries.jsonl") if qrels.for_query(one.query.id)}

    full: dict[str, dict] = {}
    judged: dict[str, dict] = {}
    for name in ("bm25", "vectors", "random"):
        views = run_ranking(index, list(encoded.values()), qrels, BASELINES[name])
        full[name], judged[name] = dict(views.full), dict(views.judged)
    parities = []
    began = time.perf_counter()
    for fold in folds_by_query(encoded, arguments.folds, seed=7):
        rows = table.for_queries(set(encoded) - fold)
        queries = [encoded[query] for query in sorted(fold)]
        for kind, ranker_settings in RANKERS.items():
            settings_type, train = get_trainer(kind)
            ranker = train(rows, settings_type(**ranker_settings))
            pushed = push(index, ranker, queries)
            parities.append(pushed)
            print(pushed.model, pushed.parity)
            views = run_ranking(index, queries, qrels, Ranking(ranker.kind, model=pushed.model))
            full.setdefault(ranker.kind, {}).update(views.full)
            judged.setdefault(ranker.kind, {}).update(views.judged)
    timed("train, push and rank, all folds", began)
    known = Qrels({query: qrels.for_query(query) for query in encoded})
    answerable = {"answerable": {query for query in encoded if max(qrels.for_query(query).values()) > 0}}
    tables = [
        compare(full, known, answerable, view="whole index"),
        compare(judged, known, answerable, view="judged products"),
    ]
    report = {
        "command": command_line(),
        "products": index.count(),
        "folds": arguments.folds,
        "logged": {**asdict(logged), "table": None},
        "views": [table.to_json() for table in tables],
        "parity": {pushed.model: pushed.parity.to_json() for pushed in parities},
        "seconds": seconds,
    }
    text = "\n".join(table.to_markdown() for table in tables)
    parity = "\n".join(f"- {pushed.model}: {pushed.parity}" for pushed in parities)
    times = ", ".join(f"{name} {value} s" for name, value in seconds.items())
    page = (
        f"# Electronics: 19,406 products, {len(encoded)} queries, {arguments.folds} folds by query\n\n"
        f"    ltr node start && {command_line()}\n\n{CAVEAT}\n\n{text}\n"
        f"## Parity\n\n{parity}\n\n## Time\n\n{times}\n"
    )
    write_result(arguments.out, "electronics", report, page)


if __name__ == "__main__":
    main()
