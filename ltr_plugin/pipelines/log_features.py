"""Features of judged pairs and sampled candidates, computed by the live cluster and written into one table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ltr_plugin.cluster.feature_log import QueryProducts, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import push_features
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.scoring import scoring_facts
from ltr_plugin.cluster.search import OnError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import Provenance
from ltr_plugin.features.table_writer import FeatureTableWriter, Row
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import AnyQueries, EncodedQuery, FailedQueries, encode_judged, sample_evenly
from ltr_plugin.pipelines.search import first_pass
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.queries.query import typed_texts

CARRIED_QUERIES = 50
"""Queries that a table, and the rankers trained on it, carry along for the parity check of `push`."""


@dataclass(frozen=True)
class LogResult:
    """What was logged.

    `judged` rows have a grade, `negatives` are sampled candidates. `missing_products` are judged, but not in the index,
    and `missing_queries` are judged, but not among the queries: their ids, or their texts where the judgments name
    texts. `failed` queries have no rows: their ids with the reasons.
    """

    table: Path
    rows: int
    judged: int
    negatives: int
    missing_products: Sequence[str]
    missing_queries: Sequence[str]
    failed: Mapping[str, str]


def log_features(
    index: Index,
    features: FeatureSet,
    queries: AnyQueries | None,
    qrels: Qrels | Path | str,
    out: Path | str,
    *,
    negatives: int = 20,
    seed: int = 7,
    progress: Progress = no_progress,
) -> LogResult:
    """Logs the features of every judged pair, and of `negatives` unjudged candidates a query, as a Parquet table.

    A ranker trained on judged products alone ranks some unjudged candidates high; sampled candidates, which count
    as not relevant, prevent that. Without `queries`, they are the texts that the judgments name. A query whose
    media cannot be used, or whose search fails, is left out and named in the result. InputError when the index
    lacks a field that the features read, or no query is judged; ClusterError when all queries fail.
    """
    push_features(index, features)
    failed = FailedQueries()
    encoded, judgments, missing_queries = encode_judged(index, queries, qrels, failed=failed)
    scored = scoring_facts(index)
    provenance = Provenance(
        feature_set=features.model_dump(mode="json"),
        feature_set_id=features.id,
        feature_set_digest=features.digest,
        index=index.name,
        fingerprints={vector.name: vector.fingerprint.digest for vector in index.vectors},
        cluster_version=scored["version"],
        queries=_described(qrels if queries is None else queries),
        judgments=_described(qrels),
        negatives=negatives,
        seed=seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        sample_queries=[one.to_json() for one in sample_evenly(encoded, CARRIED_QUERIES)],
        profile=index.profile.ranking(),
        texts={id_: text for id_, text in typed_texts(one.query for one in encoded).items() if text},
        scoring=scored,
    )
    sampled = _sample_negatives(index, encoded, judgments, negatives, seed, failed.add)
    paired = [
        QueryProducts(one.query.id, one.params, [*judgments.for_query(one.query.id), *extra])
        for one, extra in zip(encoded, sampled, strict=True)
    ]
    pairs = [one for one in paired if one.query not in failed]
    row_count = judged = 0
    missing_products: set[str] = set()
    with FeatureTableWriter(Path(out), features.feature_names, provenance) as writer:
        logged = fetch_features(index, features, pairs, on_error=failed.add)
        for done, (wanted, hits) in enumerate(zip(pairs, logged, strict=True), start=1):
            grades = judgments.for_query(wanted.query)
            rows: list[Row] = [(wanted.query, hit.id, grades.get(hit.id), feature_values(hit)) for hit in hits]
            writer.add(rows)
            row_count += len(rows)
            judged += sum(row[2] is not None for row in rows)
            if wanted.query not in failed:
                missing_products.update(grades.keys() - {hit.id for hit in hits})
            progress(done, len(pairs))
        failed.raise_if_all(judgments.queries())
    return LogResult(
        table=Path(out),
        rows=row_count,
        judged=judged,
        negatives=row_count - judged,
        missing_products=sorted(missing_products),
        missing_queries=missing_queries,
        failed=failed,
    )


def _sample_negatives(
    index: Index, encoded: Sequence[EncodedQuery], qrels: Qrels, negatives: int, seed: int, on_error: OnError
) -> Iterator[list[str]]:
    """Unjudged candidates of each query's first pass, drawn uniformly from the window that a ranker scores."""
    if not negatives:
        yield from ([] for _ in encoded)
        return
    rng = np.random.default_rng(seed)
    for one, products in zip(encoded, first_pass(index, encoded, on_error=on_error), strict=True):
        grades = qrels.for_query(one.query.id)
        unjudged = [product for product in products if product not in grades]
        chosen = rng.choice(len(unjudged), size=min(negatives, len(unjudged)), replace=False)
        yield [unjudged[position] for position in sorted(chosen)]


def _described(source: object) -> str:
    """A file by its path, anything else by its kind: for people, who may wonder where a table came from."""
    return str(source) if isinstance(source, Path | str) else type(source).__name__
