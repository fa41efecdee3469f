"""What encoders made, into the index; in place of vectors that the cluster never takes, its reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ltr_plugin.cluster.answers import Refusal
from ltr_plugin.cluster.products import Embedded, ProductIndex
from ltr_plugin.pipelines.messages import REFUSED


@dataclass(frozen=True)
class Written:
    """The results that the index has now, and by id the products of which it has none."""

    made: Sequence[Embedded]
    refused: Mapping[str, str]


def write(index: ProductIndex, made: Sequence[Embedded]) -> Written:
    """Writes the results; of a product whose vectors are refused for good, the reason, as of one with a bad photo: no
    sweep has the same vectors made once more. ClusterError when the cluster is out of reach."""
    refused = _refused(index, made)
    reasons = [
        replace(one, vector=None, each=(), error=f"{REFUSED}: {refused[one.id]}")
        for one in made
        if one.id in refused and refused[one.id].lasting
    ]
    left = {id_: error for id_, error in refused.items() if not error.lasting} | _refused(index, reasons)
    taken = [one for one in made if one.id not in refused]
    return Written([*taken, *(one for one in reasons if one.id not in left)], left)


def _refused(index: ProductIndex, made: Iterable[Embedded]) -> dict[str, Refusal]:
    return {id_: error for id_, error in index.write_vectors(made) if error}
