from itertools import product

import numpy as np
import pytest
import torch
from mixed_modalities import MIXED
from reference_scorer import derived_values, score

from ltr_plugin.errors import ExportError
from ltr_plugin.features.expressions import term_count
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import Derived
from ltr_plugin.features.lucene_expressions import evaluate_expression
from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.rankers.export.network_compiler import compile_network
from ltr_plugin.rankers.network.network import FusionNetwork, fusion_layout, mlp_layout
from ltr_plugin.rankers.network.settings import NetworkSettings
from ltr_plugin.rankers.network.training import seeded

FOUR = FeatureSet.model_validate(
    {
        "name": "four",
        "version": 1,
        "features": [
            {"kind": "query_flag", "name": "has_text", "modality": "query", "parameter": "text"},
            *(
                {"kind": "field_value", "name": f"{modality}_{number}", "modality": modality, "field": "x"}
                for modality in ("text", "image", "audio", "video")
                for number in range(3)
            ),
            {"kind": "derived", "name": "mean", "modality": "text", "expression": "(image_0 + audio_0) / 2"},
            {"kind": "field_value", "name": "sales", "modality": "behaviour", "field": "x"},
        ],
    }
)
EDGES = np.array([0, 1e-30, 1e-6, 0.5, 1, 7.3, 1e3, 1e6], dtype=np.float32)


def network_of(layout, units=8, seed=3):
    """A network of weights as large as trained ones; every fifth is 0."""
    with seeded(NetworkSettings(seed=seed)):
        network = FusionNetwork(layout, units=units, cross_dim=2).double()
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.7)
            parameter.data[torch.rand_like(parameter) < 0.2] = 0
    return network.requires_grad_(False)


def rows_of(features, count=300):
    """Values over many sizes, every pattern of missing modalities, and rows of edges."""
    rng = np.random.default_rng(2)
    values = (rng.random((count, len(features.feature_names))) * 10 ** rng.uniform(-2, 2, (count, 1))).astype(
        np.float32
    )
    edges = rng.choice(EDGES, (count, len(features.feature_names)))
    columns = [group.columns for group in fusion_layout(features).groups.values()]
    patterns = []
    for present in product([False, True], repeat=len(columns)):
        masked = values[:20].copy()
        for kept, group in zip(present, columns, strict=True):
            masked[:, list(group)] *= kept
        patterns.append(masked)
    whole = np.concatenate([values, edges, *patterns])
    return ModalityMask(features).apply(whole, np.zeros(len(features.feature_names), dtype=bool))


def local(network, values):
    with torch.no_grad():
        output = network(torch.from_numpy(values).double(), network.presence(torch.from_numpy(values)))
    return output, output.score.numpy()


def unrounded(export, features, values):
    """The exported score without any rounding to float32: what the expressions mean."""
    columns = dict(zip(features.feature_names, values.astype(np.float64).T, strict=True))
    for feature in export.derived:
        columns[feature.name] = np.broadcast_to(evaluate_expression(feature.expression, columns), len(values))
    (served,) = export.definition
    return export.ranker_scores(columns[served])


@pytest.mark.parametrize("features", [MIXED, FOUR], ids=["two", "four"])
@pytest.mark.parametrize("layout_of", [fusion_layout, mlp_layout], ids=["fusion", "mlp"])
def test_the_expressions_mean_what_the_network_computes(features, layout_of):
    network, values = network_of(layout_of(features)), rows_of(features)
    export = compile_network(network, features, "net")
    fused, expected = local(network, values)
    # Components of a thousand and more may cancel: a difference is relative to the largest of them.
    scale = np.maximum(1, np.abs([component.numpy() for component in fused.components.values()]).max(axis=0))
    assert (np.abs(unrounded(export, features, values) - expected) / scale).max() < 1e-9
    assert (np.abs(score(export, features.feature_names, values) - expected) / scale).max() < 2e-5


def test_gates_and_components_can_be_read_in_the_log():
    network, values = network_of(fusion_layout(FOUR)), rows_of(FOUR)
    export = compile_network(network, FOUR, "fusion")
    logged = derived_values(export.derived, FOUR.feature_names, values)
    fused, _ = local(network, values)
    for modality in ("text", "image", "audio", "video"):
        gate = fused.gates[modality].numpy()
        assert logged[f"fusion_gate_{modality}"] == pytest.approx(gate, abs=1e-6)
        assert ((logged[f"fusion_gate_{modality}"] == 0) == (gate == 0)).all()
        assert (gate == 0).any()
    assert export.derived[-2].expression == (
        "1 * fusion_text + 1 * fusion_image + 1 * fusion_audio + 1 * fusion_video + 1 * fusion_rest "
        "+ 1 * fusion_interactions"
    )


def test_the_served_set_is_the_trained_one_and_then_the_compiled_features():
    export = compile_network(network_of(fusion_layout(MIXED)), MIXED, "fusion")
    served = export.with_derived_features(MIXED)
    assert served.feature_names == (*MIXED.feature_names, *(feature.name for feature in export.derived))
    assert served.digest != MIXED.digest
    assert all(
        feature["template_language"] == "derived_expression"
        for feature in served.rendered()[len(MIXED.feature_names) :]
    )


def test_units_that_nothing_reads_and_weights_of_zero_are_not_written():
    network = network_of(fusion_layout(MIXED))
    whole = compile_network(network, MIXED, "fusion").derived
    tower = network.tower("text")
    for weight in (tower.output.weight, network.gate("text").weight, network.cross("text").weight):
        weight[:, 2] = 0
    tower.hidden.weight[0] = 0
    small = {feature.name: feature for feature in compile_network(network, MIXED, "fusion").derived}
    assert {feature.name for feature in whole} - set(small) == {"fusion_text_3"}
    assert "title" not in small["fusion_text_1"].expression
    assert " 0 *" not in "".join(feature.expression for feature in small.values())


def test_networks_that_the_plugin_would_not_take_are_refused():
    export = compile_network(network_of(fusion_layout(FOUR), units=8), FOUR, "fusion")
    assert max(term_count(feature.expression) for feature in export.derived) < Derived.MAX_TERMS
    with pytest.raises(ExportError, match=r"'fusion_interactions' has \d+ terms.*train with fewer units"):
        compile_network(network_of(fusion_layout(FOUR), units=60), FOUR, "fusion")


def test_a_name_that_the_set_has_already_is_refused():
    clash = FeatureSet.model_validate(
        {
            "name": "c",
            "version": 1,
            "features": [{"kind": "match", "name": "fusion_gate_text", "modality": "text", "field": "title"}],
        }
    )
    with pytest.raises(ExportError, match="fusion_gate_text"):
        compile_network(network_of(fusion_layout(clash)), clash, "fusion").with_derived_features(clash)
