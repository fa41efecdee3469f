"""Knowledge distillation: a fast ranker, the student, is trained on the scores of a better one, the teacher.

It serves clusters where the better ranker is too slow, or cannot run at all. The student sees the rows of a feature
table; its targets are the softmax of the teacher's scores over each query's products, and its loss is the cross entropy
(the loss of ListNet, Cao et al., ICML 2007; temperatures as in Hinton et al., Distilling the Knowledge in a Neural
Network, 2015). The grades only choose when to stop. Scores of different rankers have no common unit, so they are
divided by their mean standard deviation within a query and by TEMPERATURE; a lower temperature gives more weight to the
teacher's first places.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.rankers.ranker import Ranker, Scores, score_rows
from ltr_plugin.rankers.training.rows import TrainingRows

if TYPE_CHECKING:
    import lightgbm as lgb

TEMPERATURE = 0.5


def teacher_metadata(teacher: Ranker | None) -> dict[str, str]:
    """The teacher as the student's card names it: its kind and the start of its model's hash."""
    return {"teacher": f"{teacher.kind} {teacher.card.model_sha256[:16]}"} if teacher else {}


def distillation_targets(teacher: Ranker, table: FeatureTable, rows: TrainingRows) -> Floats:
    """The teacher's softmax over each query's products, float32 (rows,); the targets of a query sum to 1.

    InputError when the teacher was trained for other features than the table's, or scores all products of every query
    the same.
    """
    if teacher.feature_set.digest != table.provenance.feature_set_digest:
        raise InputError(
            "teacher",
            f"was trained for {teacher.card.feature_set_id!r} with other features than the table; "
            "train it on this table",
        )
    scores = score_rows(teacher, rows.values, np.array(rows.queries, dtype=object)[rows.query_of_row])
    scores -= np.maximum.reduceat(scores, rows.starts)[rows.query_of_row]
    means = np.add.reduceat(scores, rows.starts) / rows.sizes
    std = np.sqrt(np.add.reduceat((scores - means[rows.query_of_row]) ** 2, rows.starts) / rows.sizes).mean()
    if not std > 0:
        raise InputError("teacher", "scores all products of each query the same; there is nothing to learn from it")
    targets: Floats = softmax_by_query(scores / (TEMPERATURE * std), rows.sizes).astype(np.float32)
    return targets


def softmax_by_query(scores: Scores, sizes: npt.NDArray[np.int64]) -> Scores:
    """The softmax of scores over the rows of each query, float64 (rows,); `sizes` are the queries' numbers of rows."""
    starts = np.cumsum(sizes) - sizes
    exponentials = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
    probabilities: Scores = exponentials / np.repeat(np.add.reduceat(exponentials, starts), sizes)
    return probabilities


@dataclass(frozen=True)
class DistillationObjective:
    """LightGBM objective: the cross entropy of the softmax of the scores against a teacher's `targets`, (rows,).

    Gradient and Hessian are multiplied by the number of products of the query, so that they have the magnitude of those
    of LambdaMART and `lambda_l2` has a comparable effect.
    """

    targets: Floats

    def __call__(self, scores: Scores, data: "lgb.Dataset") -> tuple[Scores, Scores]:
        """The gradient and the diagonal of the Hessian by score, each (rows,)."""
        targets = self.targets if data.used_indices is None else self.targets[data.used_indices]
        sizes = np.asarray(data.get_group(), dtype=np.int64)
        lengths = np.repeat(sizes, sizes)
        probabilities = softmax_by_query(scores, sizes)
        return lengths * (probabilities - targets), lengths * probabilities * (1 - probabilities)
