"""Rankers that are neural networks: `fusion` with gates over modalities, and `mlp` with one hidden layer.

Both are exported as features that the cluster's plugin computes (see `export.network_compiler`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ltr_plugin.errors import InputError
from ltr_plugin.extras import require_module
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable, Floats, zero_fill
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.card import make_card, read_model
from ltr_plugin.rankers.distillation import distillation_targets, teacher_metadata
from ltr_plugin.rankers.export.exported_model import Export
from ltr_plugin.rankers.network.settings import MLPSettings, NetworkSettings
from ltr_plugin.rankers.ranker import BaseRanker, Ranker, Scores
from ltr_plugin.rankers.training.rows import TrainingRows

if TYPE_CHECKING:
    from ltr_plugin.rankers.network.network import FusionNetwork, FusionOutput, Layout
    from ltr_plugin.rankers.network.training import TrainingTask

FUSION, MLP = "fusion", "mlp"
MODEL = "network.safetensors"
TOLERANCE = 1e-4
"""Tolerance of the parity check: the cluster rounds every hidden unit to float32."""


@dataclass(frozen=True)
class NetworkRanker(BaseRanker):
    """A network and its card."""

    MODEL_FILE = MODEL

    model: bytes = field(repr=False)
    network: "FusionNetwork" = field(repr=False, compare=False)

    def predict(self, values: Floats) -> Scores:
        """Scores in double precision, float64 (rows,), of float32 `values` (rows, features); NaN counts as 0."""
        scores: Scores = self.output(values).score.numpy()
        return scores

    def output(self, values: Floats) -> "FusionOutput":
        """Scores, gates and components in double precision, of float32 `values` (rows, features)."""
        import torch

        zero_filled = torch.from_numpy(zero_fill(values))
        with torch.no_grad():
            output: FusionOutput = self.network(zero_filled.double(), self.network.presence(zero_filled))
        return output

    def export(self) -> Export:
        """A linear model over derived features that compute the network."""
        from ltr_plugin.rankers.export.network_compiler import compile_network

        return replace(compile_network(self.network, self.feature_set, self.kind), tolerance=TOLERANCE)

    def serialize(self) -> bytes:
        """The weights in safetensors form, with the sizes of the network in the header."""
        return self.model

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The ranker in a folder; InputError when there is none of these kinds, or it is damaged."""
        card, model = read_model(folder, MODEL, FUSION, MLP)
        try:
            network = _deserialize(model)
        except (ValueError, KeyError, RuntimeError) as error:
            raise InputError(str(folder / MODEL), f"is not a network: {error}") from None
        if network.layout != _layout(card.kind, card.feature_set):
            raise InputError(
                str(folder / MODEL), f"reads other features than its feature set {card.feature_set_id!r} has"
            )
        return cls(card, model, network)


def train_fusion(
    table: FeatureTable,
    settings: NetworkSettings | None = None,
    *,
    teacher: Ranker | None = None,
    auxiliary_qrels: Mapping[str, Qrels] | None = None,
    progress: Progress = no_progress,
) -> NetworkRanker:
    """A fusion network trained on the grades of `table`, or on the scores of a `teacher` (see `distillation`).

    `auxiliary_qrels` are further judgments of the table's queries, such as clicks and purchases, by name, and by text
    where they name texts. They are learned beside the grades (see `network.auxiliary`). `progress` counts the epochs
    that are tried to find the best number of them. InputError when the grades or the auxiliary judgments do not allow
    training; LtrError without PyTorch.
    """
    return _train(FUSION, table, settings or NetworkSettings(), teacher, auxiliary_qrels or {}, progress)


def train_mlp(
    table: FeatureTable,
    settings: MLPSettings | None = None,
    *,
    teacher: Ranker | None = None,
    auxiliary_qrels: Mapping[str, Qrels] | None = None,
    progress: Progress = no_progress,
) -> NetworkRanker:
    """A network with one hidden layer, trained as `train_fusion` does."""
    return _train(MLP, table, settings or MLPSettings(), teacher, auxiliary_qrels or {}, progress)


def _train(
    kind: str,
    table: FeatureTable,
    settings: NetworkSettings,
    teacher: Ranker | None,
    auxiliary_qrels: Mapping[str, Qrels],
    progress: Progress,
) -> NetworkRanker:
    require_module("torch", "a ranker that is a network", extra="rankers")
    from ltr_plugin.features.modality_mask import ModalityMask
    from ltr_plugin.rankers.network.auxiliary import judgments_of_table, label_rows
    from ltr_plugin.rankers.network.pruning import pruned_and_rounded
    from ltr_plugin.rankers.network.scaling import StandardScaler
    from ltr_plugin.rankers.network.training import TrainingTask, seeded

    features = table.feature_set
    rows = TrainingRows.of(table)
    targets = distillation_targets(teacher, table, rows) if teacher else None
    auxiliary = {name: judgments_of_table(table, name, qrels) for name, qrels in auxiliary_qrels.items()}
    labels = label_rows(rows, auxiliary) if auxiliary else None
    task = TrainingTask(
        rows, ModalityMask(features), _layout(kind, features), StandardScaler.of(rows.values), settings, targets, labels
    )
    with seeded(settings):
        stop = task.stopping_point(progress)
        final = task.for_queries(stop.training_queries(rows.queries, refit=settings.refit))
        trained = final.train(stop.steps)
        network, pruning_results = pruned_and_rounded(trained, final)
    model = _serialize(network)
    digests = {"auxiliary_qrels": {name: qrels.digest for name, qrels in auxiliary_qrels.items()}}
    card = make_card(
        kind,
        table,
        model,
        queries=len(final.rows.queries),
        rows=len(final.rows),
        settings={**settings.model_dump(), **teacher_metadata(teacher), **(digests if auxiliary_qrels else {})},
        results={**stop.results("epochs"), **pruning_results, **_mean_gates(network, final)},
        importance=_importance(trained, final, features.feature_names),
        notes=(*rows.notes, *stop.notes("epochs")),
        libraries=("torch",),
    )
    return NetworkRanker(card, model, network)


def _layout(kind: str, features: FeatureSet) -> "Layout":
    from ltr_plugin.rankers.network.network import fusion_layout, mlp_layout

    return fusion_layout(features) if kind == FUSION else mlp_layout(features)


def _importance(network: "FusionNetwork", task: "TrainingTask", names: tuple[str, ...]) -> dict[str, float]:
    """The mean absolute gradient of the score by each standardised feature, over the training rows."""
    import torch

    inputs = task.scaling.transform(task.rows.values).requires_grad_()
    scores = network(inputs, network.presence(torch.from_numpy(task.rows.values))).score
    (gradient,) = torch.autograd.grad(scores.sum(), inputs)
    return dict(zip(names, gradient.abs().mean(dim=0).tolist(), strict=True))


def _mean_gates(network: "FusionNetwork", task: "TrainingTask") -> dict[str, float]:
    """Each modality's mean gate over the rows with more than one modality; the only gate of a row is always 1."""
    import torch

    values = torch.from_numpy(task.rows.values)
    present = network.presence(values)
    several = present.sum(dim=1) > 1
    if not several.any():
        return {}
    with torch.no_grad():
        gates = network(values[several].double(), present[several]).gates
    return {f"mean_gate_{name}": float(gate.mean()) for name, gate in gates.items()}


def _serialize(network: "FusionNetwork") -> bytes:
    from safetensors.torch import save

    shape = {"layout": network.layout.model_dump(mode="json"), "units": network.units, "crosses": network.cross_dim}
    serialized: bytes = save(dict(network.state_dict()), metadata={"network": json.dumps(shape)})
    return serialized


def _deserialize(model: bytes) -> "FusionNetwork":
    """The network in a safetensors file, which is the size of the header (8 bytes), a JSON header, and the weights."""
    require_module("torch", "a ranker that is a network", extra="rankers")
    from safetensors.torch import load

    from ltr_plugin.rankers.network.network import FusionNetwork, Layout

    header = json.loads(model[8 : 8 + int.from_bytes(model[:8], "little")])
    shape = json.loads(header["__metadata__"]["network"])
    network = FusionNetwork(Layout.model_validate(shape["layout"]), shape["units"], shape["crosses"]).double()
    network.load_state_dict(load(model))
    return network.requires_grad_(False)
