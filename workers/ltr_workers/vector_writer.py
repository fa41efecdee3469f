"""Writes encoders' results into the index; for vectors that the cluster refuses for good, writes its reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ltr_plugin.broker.messages import WRITE_REFUSED
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.responses import BulkError


@dataclass(frozen=True)
class WriteResult:
    """`results` are in the index now; `refused` has the cluster's reason by id for products of which nothing is."""

    results: Sequence[EmbeddingResult]
    refused: Mapping[str, str]


def write_results(index: ManagedIndex, results: Sequence[EmbeddingResult]) -> WriteResult:
    """Writes the results.

    For a product whose vectors are refused for good, it writes the reason as an error, as for a bad photo: then no
    sweep makes the same vectors again. ClusterError when the cluster is out of reach.
    """
    refused = _refused(index, results)
    reasons = [
        replace(result, vector=None, per_media=(), unavailable=None, error=f"{WRITE_REFUSED}: {refused[result.id]}")
        for result in results
        if result.id in refused and refused[result.id].permanent
    ]
    unwritten = {id_: error for id_, error in refused.items() if not error.permanent} | _refused(index, reasons)
    accepted = [result for result in results if result.id not in refused]
    return WriteResult([*accepted, *(reason for reason in reasons if reason.id not in unwritten)], unwritten)


def _refused(index: ManagedIndex, results: Iterable[EmbeddingResult]) -> dict[str, BulkError]:
    return {id_: error for id_, error in index.write_vectors(results) if error}
