"""Every ranker compared in the cluster, with each modality removed, and the gates of the fusion network.

    ltr node start && ltr demo && python -m benchmarks.run.comparison runs/demo/shop runs/demo/features.parquet

The first argument is a folder with the files of a shop, the second a feature table logged on its training queries; the
index has the name that `ltr demo` gives it. Each kind of ranker is trained with its default settings (five folds where
it validates), pushed with its parity check, and ranks the test queries through `sltr`. The matrix compares LambdaMART
and fusion with the better of both kinds trained without the modality.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.lib.script import argument_parser, command_line, write_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_log import QueryProducts, feature_values, fetch_features
from ltr_plugin.cluster.index import Index
from ltr_plugin.demo.shop import ShopFiles
from ltr_plugin.errors import ExportError
from ltr_plugin.evaluation.ablation import Ablation
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.ablate import ablate, train_blind_baselines
from ltr_plugin.pipelines.encode_queries import EncodedQuery, encode
from ltr_plugin.pipelines.evaluate import Evaluation, evaluate
from ltr_plugin.pipelines.push import PushResult, push
from ltr_plugin.pipelines.search import first_pass
from ltr_plugin.queries.templates import BASELINES, Ranking
from ltr_plugin.rankers.fusion import NetworkRanker
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.rankers.trainers import get_trainer

FOLDS = {"folds": 5}
RANKERS: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("linear", {}),
    "logistic": ("logistic", {}),
    "svm": ("svm", {}),
    "late (sum)": ("late", {}),
    "late (rrf)": ("late", {"combine": "rrf"}),
    "late (borda)": ("late", {"combine": "borda"}),
    "xgboost": ("xgboost", FOLDS),
    "mlp": ("mlp", FOLDS),
    "lambdamart": ("lambdamart", FOLDS),
    "fusion": ("fusion", FOLDS),
}
BEST = ("lambdamart", "fusion")


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("shop", type=Path, help="Folder with catalog, queries and judgments.")
    parser.add_argument("table", type=Path, help="Feature table of the training queries.")
    parser.add_argument("--rankers", nargs="+", choices=RANKERS, default=list(RANKERS), help="By default all.")
    parser.add_argument("--no-matrix", action="store_true", help="Skip the matrix of missing modalities.")
    parser.add_argument("--name", help="Name of the results; by default that of the table's folder.")
    given = parser.parse_args()
    files = ShopFiles.in_folder(given.shop)
    index = Index.open(connect(), f"demo-{given.shop.resolve().name.lower()}")
    table, qrels = FeatureTable.read(given.table), Qrels.read(files.qrels)
    rankers: dict[str, Ranker] = {}
    with progress_bar("training") as progress:
        for done, name in enumerate(given.rankers):
            progress(done, len(given.rankers))
            kind, settings = RANKERS[name]
            settings_type, train = get_trainer(kind)
            rankers[name] = train(table, settings_type(**settings))
    encoded = encode(index, files.test_queries)
    pushed, outside = push_all(index, rankers, encoded)
    learned = [Ranking(name, model=one.model) for name, one in pushed.items()]
    with progress_bar("ranking") as progress:
        rankings = [BASELINES["bm25"], BASELINES["vectors"], *learned]
        comparison = evaluate(index, rankings, encoded, qrels, baseline="bm25", progress=progress)
    fusion = rankers.get("fusion")
    gates = gates_of(index, fusion, encoded) if isinstance(fusion, NetworkRanker) else {}
    best = {name: rankers[name] for name in BEST if name in pushed}
    matrix = None
    if best and not given.no_matrix:
        with progress_bar("training without a modality") as progress:
            blind_baselines = train_blind_baselines(table, best, progress=progress)
        with progress_bar("removing modalities") as progress:
            matrix = ablate(index, encoded, qrels, best, blind_baselines=blind_baselines, progress=progress)
    report = {
        "command": command_line(),
        "products": index.count(),
        "rankers": comparison.full.to_json(),
        "parity": {name: {"model": one.model, **one.parity.to_json()} for name, one in pushed.items()},
        "outside": outside,
        "gates": gates,
        "matrix": matrix.model_dump(mode="json") if matrix else None,
    }
    name = f"comparison_{given.name or given.table.resolve().parent.name}"
    write_result(given.out, name, report, "\n".join(page(name, report, comparison, pushed, matrix)))


def push_all(
    index: Index, rankers: dict[str, Ranker], encoded: Sequence[EncodedQuery]
) -> tuple[dict[str, PushResult], dict[str, str]]:
    """Rankers in the cluster with their parity check; and for those that cannot be exported, the reason."""
    pushed, outside = {}, {}
    for name, ranker in rankers.items():
        try:
            with progress_bar(f"pushing {name}") as progress:
                pushed[name] = push(index, ranker, encoded, progress=progress)
        except ExportError as error:
            outside[name] = str(error)
    return pushed, outside


def gates_of(index: Index, ranker: NetworkRanker, encoded: Sequence[EncodedQuery]) -> dict[str, Any]:
    """The number of queries of each mode for which a modality's gate is the largest on average over their candidates,
    and how often an absent modality has a gate other than 0."""
    feature_names = ranker.feature_set.feature_names
    pairs = [
        QueryProducts(one.query.id, one.params, ids)
        for one, ids in zip(encoded, first_pass(index, encoded), strict=True)
        if ids
    ]
    modes = {one.query.id: one.query.mode for one in encoded}
    largest: dict[str, dict[str, int]] = {}
    nonzero = rows = 0
    logged = fetch_features(index, ranker.feature_set, pairs)
    for one, hits in zip(pairs, logged, strict=True):
        values = np.array([[feature_values(hit)[name] or 0.0 for name in feature_names] for hit in hits], np.float32)
        gates = ranker.output(values).gates
        present = ranker.network.presence(torch.from_numpy(values)).unbind(-1)
        nonzero += sum(int((gate[~on] != 0).sum()) for gate, on in zip(gates.values(), present, strict=True))
        rows += len(values)
        means = {name: float(gate.mean()) for name, gate in gates.items()}
        counts = largest.setdefault(modes[one.query], dict.fromkeys(gates, 0))
        counts[max(means, key=means.__getitem__)] += 1
    return {"largest": largest, "rows": rows, "absent_but_not_zero": nonzero}


def page(
    name: str, report: dict[str, Any], comparison: Evaluation, pushed: dict[str, PushResult], matrix: Ablation | None
) -> Iterator[str]:
    outside, gates = report["outside"], report["gates"]
    yield f"# {name.removeprefix('comparison_').capitalize()}: every ranker in the cluster\n"
    yield f"    {report['command']}\n"
    yield comparison.full.to_markdown()
    if outside:
        yield "## Not in the cluster\n"
        yield from (f"- {ranker}: {reason}" for ranker, reason in outside.items())
    yield "\n## Parity\n"
    yield from (f"- {ranker}: {one.parity}" for ranker, one in pushed.items())
    if gates:
        yield "\n## Gates of fusion\n"
        yield "Queries by the modality whose gate is the largest, on average over their candidates:\n"
        modalities = list(next(iter(gates["largest"].values())))
        yield f"| query | {' | '.join(modalities)} |"
        yield "|---|" + "---|" * len(modalities)
        for mode, counts in gates["largest"].items():
            yield f"| {mode} | {' | '.join(str(counts[one]) for one in modalities)} |"
        nonzero, rows = gates["absent_but_not_zero"], gates["rows"]
        yield f"\nGates of absent modalities that are not exactly 0: {nonzero}, in {rows:,} rows."
    if matrix:
        yield "\n## Where a modality is missing\n"
        yield matrix.to_markdown()


if __name__ == "__main__":
    main()
