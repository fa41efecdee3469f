"""One ranker learns from another: for clusters where the better one is too slow, or cannot run at all.

The student sees the rows of a table with the teacher's scores and learns, query by query, the softmax of them, by cross
entropy (ListNet's loss, Cao et al. 2007, with a teacher as in Hinton et al., Distilling the Knowledge in a Neural
Network, 2015). Grades serve only to stop. The scores of two rankers have no common unit, so they are divided by
their own mean spread within a query, and by TEMPERATURE: the lower it is, the more the first places count.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.rankers.ranker import Ranker, Scores, score_rows
from ltr_plugin.rankers.training.rows import TrainingRows

if TYPE_CHECKING:
    import lightgbm as lgb

TEMPERATURE = 0.5


def teacher_metadata(teacher: Ranker | None) -> dict[str, str]:
    """What a student's card says of its teacher."""
    return {"teacher": f"{teacher.kind} {teacher.card.model_sha256[:16]}"} if teacher else {}


def distillation_targets(teacher: Ranker, table: FeatureTable, rows: TrainingRows) -> Floats:
    """Each row's share of its query by the teacher, float32 (rows,), summing to 1 over a query.

    InputError when the teacher reads another version of the table's feature set, or tells no product from another.
    """
    if teacher.feature_set.digest != table.provenance.feature_set_digest:
        raise InputError(
            "teacher",
            f"reads {teacher.card.feature_set_id!r} of another rendering than the table; train it on this one",
        )
    scores = score_rows(teacher, rows.values, np.array(rows.queries, dtype=object)[rows.query_of_row])
    scores -= np.maximum.reduceat(scores, rows.starts)[rows.query_of_row]
    means = np.add.reduceat(scores, rows.starts) / rows.sizes
    std = np.sqrt(np.add.reduceat((scores - means[rows.query_of_row]) ** 2, rows.starts) / rows.sizes).mean()
    if not std > 0:
        raise InputError("teacher", "scores all products of each query alike; there is nothing to learn from it")
    exponentials = np.exp(scores / (TEMPERATURE * std))
    targets: Floats = (exponentials / np.add.reduceat(exponentials, rows.starts)[rows.query_of_row]).astype(np.float32)
    return targets


@dataclass(frozen=True)
class DistillationObjective:
    """The derivatives of the cross entropy of softmax(scores) from a teacher's shares of the rows, for LightGBM.

    Both are multiplied by the length of a query's list, so that leaves weigh against `l2` as LambdaMART's do.
    """

    targets: Floats

    def __call__(self, scores: Scores, data: "lgb.Dataset") -> tuple[Scores, Scores]:
        """The first and second derivative by each score, (rows,)."""
        targets = self.targets if data.used_indices is None else self.targets[data.used_indices]
        sizes = np.asarray(data.get_group(), dtype=np.int64)
        starts, lengths = np.cumsum(sizes) - sizes, np.repeat(sizes, sizes)
        exponentials = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
        probabilities = exponentials / np.repeat(np.add.reduceat(exponentials, starts), sizes)
        return lengths * (probabilities - targets), lengths * probabilities * (1 - probabilities)
