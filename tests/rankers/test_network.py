import pytest
import torch
from mixed_modalities import MIXED

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.rankers.network.network import FusionNetwork, fusion_layout, masked_softmax, mlp_layout
from ltr_plugin.rankers.network.settings import NetworkSettings
from ltr_plugin.rankers.network.training import seeded

COLUMN = {name: place for place, name in enumerate(MIXED.feature_names)}


@pytest.fixture
def network():
    with seeded(NetworkSettings()):
        return FusionNetwork(fusion_layout(MIXED), units=3, cross_dim=2).double()


def rows(*changes):
    """A row with everything, changed in turn."""
    whole = {"has_text": 1, "has_photo": 1, "title": 4, "meaning": 0.8, "photo": 0.7, "words_photo": 0.6, "price": 2}
    values = [[{**whole, "both": 1, **change}[name] for name in MIXED.feature_names] for change in ({}, *changes)]
    return torch.tensor(values, dtype=torch.float64)


def fused(network, values):
    with torch.no_grad():
        return network(values, network.presence(values))


def test_the_masked_softmax_is_the_softmax_of_what_is_there():
    logits = torch.tensor([[1.0, 2.0, 3.0]] * 4, dtype=torch.float64)
    mask = torch.tensor([[1, 1, 1], [1, 0, 1], [0, 1, 0], [0, 0, 0]], dtype=torch.bool)
    found = masked_softmax(logits, mask)
    assert torch.allclose(found[0], torch.softmax(logits[0], dim=0))
    assert torch.allclose(found[1, [0, 2]], torch.softmax(logits[1, [0, 2]], dim=0))
    assert found[1, 1] == 0
    assert found[2].tolist() == [0, 1, 0]
    assert found[3].tolist() == [0, 0, 0]


def test_the_masked_softmax_has_a_gradient_where_nothing_is_there():
    logits = torch.zeros((2, 3), requires_grad=True)
    (1e30 * masked_softmax(logits, torch.tensor([[False] * 3, [True] * 3]))[:, 0]).sum().backward()
    assert logits.grad[0].tolist() == [0, 0, 0]
    assert logits.grad[1, 0] > 0


def test_columns_are_grouped_by_the_modality_that_features_state():
    layout = fusion_layout(MIXED)
    assert layout.towers == ("text", "image", "rest")
    assert layout.inputs("text") == tuple(COLUMN[name] for name in ("title", "meaning", "has_text", "has_photo"))
    assert layout.inputs("rest") == tuple(COLUMN[name] for name in ("price", "has_text", "has_photo"))
    assert mlp_layout(MIXED).inputs("rest") == tuple(range(8))


def test_a_modality_that_one_side_lacks_has_a_gate_of_exactly_zero(network):
    values = rows(
        {"photo": 0, "words_photo": 0},
        {"title": 0, "meaning": 0},
        {"title": 0},
        {"title": 0, "meaning": 0, "photo": 0, "words_photo": 0},
    )
    gates = fused(network, values).gates
    assert 0 < gates["text"][0] < 1
    assert gates["text"][0] + gates["image"][0] == 1
    assert [gates["text"][1], gates["image"][1]] == [1, 0]
    assert [gates["text"][2], gates["image"][2]] == [0, 1]
    assert gates["text"][3] > 0
    assert [gates["text"][4], gates["image"][4]] == [0, 0]


def test_what_is_absent_does_not_move_the_score(network):
    absent = {"photo": 0, "words_photo": 0}
    one, other = fused(network, rows(absent, {**absent, "both": 7})).score[1:]
    assert one == other


def test_the_score_is_the_sum_of_its_parts(network):
    found = fused(network, rows({"photo": 0, "words_photo": 0}, {"price": 9}))
    assert set(found.components) == {"text", "image", "interactions", "rest"}
    assert torch.allclose(sum(found.components.values()), found.score)
    assert torch.allclose(found.components["text"], found.gates["text"] * found.towers["text"])
    assert found.components["interactions"][1] == 0
    assert found.components["interactions"][0] != 0


def test_without_content_there_are_no_gates():
    behaviour = FeatureSet.model_validate(
        {
            "name": "b",
            "version": 1,
            "features": [{"kind": "field_value", "name": "price", "modality": "behaviour", "field": "price"}],
        }
    )
    network = FusionNetwork(fusion_layout(behaviour), units=2, cross_dim=2)
    found = network(torch.ones(4, 1), network.presence(torch.ones(4, 1)))
    assert found.gates == {}
    assert found.score.shape == (4,)


def test_one_modality_meets_no_other():
    text = FeatureSet.model_validate(
        {
            "name": "t",
            "version": 1,
            "features": [{"kind": "match", "name": "title", "modality": "text", "field": "title"}],
        }
    )
    network = FusionNetwork(fusion_layout(text), units=2, cross_dim=2)
    found = network(torch.tensor([[3.0], [0.0]]), network.presence(torch.tensor([[3.0], [0.0]])))
    assert found.gates["text"].tolist() == [1, 0]
    assert set(found.components) == {"text"}
    assert found.score[1] == 0
