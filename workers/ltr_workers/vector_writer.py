"""What encoders made, into the index; in place of vectors that the cluster never takes, its reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ltr_plugin.broker.messages import WRITE_REFUSED
from ltr_plugin.cluster.index import EmbeddingResult, Index
from ltr_plugin.cluster.responses import BulkError


@dataclass(frozen=True)
class WriteResult:
    """The results that the index has now, and by id the products of which it has none."""

    results: Sequence[EmbeddingResult]
    refused: Mapping[str, str]


def write_results(index: Index, results: Sequence[EmbeddingResult]) -> WriteResult:
    """Writes the results; of a product whose vectors are refused for good, the reason, as of one with a bad photo: no
    sweep has the same vectors made once more. ClusterError when the cluster is out of reach."""
    refused = _refused(index, results)
    reasons = [
        replace(one, vector=None, per_media=(), error=f"{WRITE_REFUSED}: {refused[one.id]}")
        for one in results
        if one.id in refused and refused[one.id].permanent
    ]
    unwritten = {id_: error for id_, error in refused.items() if not error.permanent} | _refused(index, reasons)
    accepted = [one for one in results if one.id not in refused]
    return WriteResult([*accepted, *(one for one in reasons if one.id not in unwritten)], unwritten)


def _refused(index: Index, results: Iterable[EmbeddingResult]) -> dict[str, BulkError]:
    return {id_: error for id_, error in index.write_vectors(results) if error}
