"""Every kind of ranker on one feature table, cross-validated by query: NDCG@10 overall and by query modality.

    python -m benchmarks.run.rankers runs/demo/features.parquet --rankers lambdamart fusion

Each query is scored by a ranker that was trained without it, with default settings; only the table's own rows are
ranked. NDCG has linear gain. Nothing is selected by the result. No cluster is needed.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from benchmarks.lib.script import argument_parser, command_line, markdown_row, write_result
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.runs import run_from_scores
from ltr_plugin.features.kinds import QueryFlag
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.rankers.fusion import train_fusion, train_mlp
from ltr_plugin.rankers.lambdamart import train_lambdamart
from ltr_plugin.rankers.late_fusion import LateFusionSettings, train_late_fusion
from ltr_plugin.rankers.linear import train_linear
from ltr_plugin.rankers.logistic import train_logistic
from ltr_plugin.rankers.ranker import Ranker, score_rows
from ltr_plugin.rankers.svm import train_svm
from ltr_plugin.rankers.training.folds import folds_by_query
from ltr_plugin.rankers.xgboost import train_xgboost

TRAIN: Mapping[str, Callable[[FeatureTable], Ranker]] = {
    "linear": train_linear,
    "logistic": train_logistic,
    "svm": train_svm,
    "late": train_late_fusion,
    "late-rrf": lambda table: train_late_fusion(table, LateFusionSettings(combine="rrf")),
    "xgboost": train_xgboost,
    "lambdamart": train_lambdamart,
    "mlp": train_mlp,
    "fusion": train_fusion,
    "fusion-to-trees": lambda table: train_lambdamart(table, teacher=train_fusion(table)),
    "trees-to-fusion": lambda table: train_fusion(table, teacher=train_lambdamart(table)),
}


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("table", type=Path, help="Feature table, as `ltr features log` writes it.")
    parser.add_argument("--rankers", nargs="+", choices=TRAIN, default=list(TRAIN), help="By default all.")
    parser.add_argument("--folds", type=int, default=5, help="Folds by query (%(default)s).")
    parser.add_argument("--seed", type=int, default=1, help="Random seed of the folds (%(default)s).")
    parser.add_argument("--queries", type=int, help="Use only so many queries, for a quick look.")
    given = parser.parse_args()
    table = FeatureTable.read(given.table)
    if given.queries:
        table = table.for_queries(sorted(set(table.queries))[:: max(1, len(set(table.queries)) // given.queries)])
    groups = query_modalities(table)
    names = sorted(set(groups.values()))
    sizes = {"all": len(groups), **{name: list(groups.values()).count(name) for name in names}}
    print(markdown_row(["ranker", *(f"{name} ({size})" for name, size in sizes.items()), "CPU s"]))
    rows = []
    for name in given.rankers:
        began = time.process_time()
        ndcg = held_out_ndcg(table, TRAIN[name], given.folds, given.seed)
        cpu_s = round(time.process_time() - began, 1)
        means = {"all": float(np.mean(list(ndcg.values())))}
        for group in names:
            means[group] = float(np.mean([ndcg[query] for query in groups if groups[query] == group]))
        print(markdown_row([name, *(f"{mean:.4f}" for mean in means.values()), f"{cpu_s:.0f}"]), flush=True)
        rows.append({"ranker": name, "nDCG@10": means, "cpu_s": cpu_s})
    write_result(given.out, "rankers", {"command": command_line(), "queries": sizes, "rows": rows})


def held_out_ndcg(
    table: FeatureTable, train: Callable[[FeatureTable], Ranker], folds: int, seed: int
) -> dict[str, float]:
    """NDCG@10 of each query by the ranker that was trained without it."""
    scores = np.zeros(len(table))
    for fold in folds_by_query(table.queries, folds, seed):
        ranker = train(table.for_queries(set(table.queries) - fold))
        rows = np.isin(table.queries, list(fold))
        scores[rows] = score_rows(ranker, table.values[rows], table.queries[rows])
    grades: dict[str, dict[str, int]] = {}
    for query, product, grade in zip(table.queries, table.products, table.labels, strict=True):
        grades.setdefault(query, {})[product] = int(grade)
    qrels = Qrels(grades)
    values = per_query(run_from_scores(table.queries, table.products, scores), qrels)[:, MEASURES.index("nDCG@10")]
    return dict(zip(qrels.queries(), map(float, values), strict=True))


def query_modalities(table: FeatureTable) -> dict[str, str]:
    """Each query's flags, such as `text+image_vector`."""
    flags = [(column, f.parameter) for column, f in enumerate(table.feature_set.features) if isinstance(f, QueryFlag)]
    queries, first = np.unique(table.queries.astype(str), return_index=True)
    return {
        query: "+".join(flag for column, flag in flags if table.zero_filled[row, column]) or "no flag"
        for query, row in zip(queries, first, strict=True)
    }


if __name__ == "__main__":
    main()
