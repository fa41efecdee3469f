"""Judged pairs and sampled candidates, logged with their features by the live cluster into one table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ltr_plugin.cluster.feature_log import LOG_NAME, QueryProducts, log_features
from ltr_plugin.cluster.feature_store import FeatureStore, logging_set_name
from ltr_plugin.cluster.index import Index
from ltr_plugin.features.compatibility import check_fields
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import Provenance
from ltr_plugin.features.table_writer import FeatureTableWriter, Row
from ltr_plugin.judgments.qrels import Qrels, read_qrels
from ltr_plugin.pipelines.candidates import candidates
from ltr_plugin.pipelines.encode_queries import EncodedQuery, encode_query_file
from ltr_plugin.progress import Progress, no_progress


@dataclass(frozen=True)
class LogResult:
    """What was logged; `missing_products` judged pairs name products that the index does not have."""

    table: Path
    rows: int
    judged: int
    negatives: int
    missing_products: int
    missing_queries: int


def push_features(index: Index, features: FeatureSet) -> None:
    """Checks the set against the index and stores it in the cluster."""
    check_fields(features, index.mapping, index.vectors)
    store = FeatureStore(index.cluster)
    store.ensure()
    store.put_feature_set(features)


def log_feature_table(
    index: Index,
    features: FeatureSet,
    queries: Path,
    judgments: Path,
    table: Path,
    *,
    negatives: int = 20,
    seed: int = 7,
    progress: Progress = no_progress,
) -> LogResult:
    """Logs the features of every judged pair and of `negatives` unjudged candidates a query.

    A ranker that has seen judged products only does not know the many others that the first pass will bring it, and
    ranks some of them high; sampled candidates, taken as not relevant, teach it.
    """
    push_features(index, features)
    qrels = read_qrels(judgments)
    encoded = [one for one in encode_query_file(index, queries) if qrels.for_query(one.query.id)]
    provenance = _provenance(index, features, queries, judgments, negatives, seed)
    sampled = _sample_negatives(index, encoded, qrels, negatives, seed)
    pairs = [
        QueryProducts(one.query.id, one.params, [*qrels.for_query(one.query.id), *extra])
        for one, extra in zip(encoded, sampled, strict=True)
    ]
    row_count = judged = 0
    with FeatureTableWriter(table, features.feature_names, provenance) as writer:
        for done, (wanted, hits) in enumerate(
            zip(pairs, log_features(index.cluster, index.name, logging_set_name(features), pairs), strict=True), start=1
        ):
            grades = qrels.for_query(wanted.query)
            rows: list[Row] = [(wanted.query, hit.id, grades.get(hit.id), hit.features[LOG_NAME]) for hit in hits]
            writer.add(rows)
            row_count += len(rows)
            judged += sum(row[2] is not None for row in rows)
            progress(done, len(pairs))
    wanted_judged = sum(len(qrels.for_query(one.query.id)) for one in encoded)
    return LogResult(
        table, row_count, judged, row_count - judged, wanted_judged - judged, len(qrels.queries()) - len(encoded)
    )


def _sample_negatives(
    index: Index, encoded: Sequence[EncodedQuery], qrels: Qrels, negatives: int, seed: int
) -> Iterator[list[str]]:
    """Unjudged candidates of each query's first pass, drawn evenly over the window that a ranker will be shown."""
    if not negatives:
        yield from ([] for _ in encoded)
        return
    rng = np.random.default_rng(seed)
    for one, products in zip(encoded, candidates(index, encoded), strict=True):
        grades = qrels.for_query(one.query.id)
        unjudged = [product for product in products if product not in grades]
        chosen = rng.choice(len(unjudged), size=min(negatives, len(unjudged)), replace=False)
        yield [unjudged[position] for position in sorted(chosen)]


def _provenance(
    index: Index, features: FeatureSet, queries: Path, judgments: Path, negatives: int, seed: int
) -> Provenance:
    return Provenance(
        feature_set=features.model_dump(mode="json"),
        feature_set_id=features.id,
        feature_set_digest=features.digest,
        index=index.name,
        fingerprints={vector.name: vector.fingerprint.digest for vector in index.vectors},
        cluster_version=index.cluster.call("GET", "/")["version"]["number"],
        queries=str(queries),
        judgments=str(judgments),
        negatives=negatives,
        seed=seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
