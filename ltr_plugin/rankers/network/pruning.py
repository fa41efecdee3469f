"""Makes a trained network small: prunes weak weights, folds in the scaling of inputs, and rounds what is left."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor, nn

from ltr_plugin.features.table import Floats
from ltr_plugin.rankers.network.network import FusionNetwork
from ltr_plugin.rankers.network.scaling import StandardScaler
from ltr_plugin.rankers.network.training import TrainingTask

PRUNING_THRESHOLDS = (0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
"""Thresholds of magnitude pruning, relative to the strongest weight of a sum; the first that NDCG allows is used."""
SIGNIFICANT_DIGITS = (3, 4, 5, 6, 7)
"""Numbers of significant digits to round to; the first that NDCG allows is used."""


def pruned_and_rounded(network: FusionNetwork, task: TrainingTask) -> tuple[FusionNetwork, dict[str, float]]:
    """A pruned and rounded network in double precision, and results for the card.

    The network takes values without standardising.
    NDCG@10 on the task's rows falls by at most `pruning_tolerance` of the settings.
    """
    unscaled = replace(task, scaling=StandardScaler.identity(len(task.modality_mask.feature_names)))
    before = task.training_ndcg(network)
    lowest = before - task.settings.pruning_tolerance
    means, stds = _unit_statistics(network, task)
    pruned = (_pruned(network, means, stds, threshold) for threshold in PRUNING_THRESHOLDS)
    pruned_network = deepcopy(_first(pruned, lambda candidate: task.training_ndcg(candidate) >= lowest, network))
    _zero_constant_columns(pruned_network, task.rows.values)
    whole = fold_scaling(pruned_network, task.scaling)
    rounded = (_rounded(whole, digits) for digits in SIGNIFICANT_DIGITS)
    result = _first(rounded, lambda candidate: unscaled.training_ndcg(deepcopy(candidate).float()) >= lowest, whole)
    return result.requires_grad_(False), {
        "weights": sum(int((parameter != 0).sum()) for parameter in result.parameters()),
        "weights_trained": sum(parameter.numel() for parameter in network.parameters()),
        "training_ndcg@10": before,
        "training_ndcg@10_pruned": unscaled.training_ndcg(deepcopy(result).float()),
    }


def _zero_constant_columns(network: FusionNetwork, values: Floats) -> None:
    """Sets the weights of constant columns to 0: they were not trained, and their random values must not count."""
    constant = torch.from_numpy(values.std(axis=0) == 0)
    with torch.no_grad():
        for name in network.layout.towers:
            columns = constant[list(network.layout.inputs(name))]
            network.tower(name).hidden.weight[:, columns] = 0.0
            network.tower(name).direct.weight[:, columns] = 0.0
        for name in network.gates:
            context = len(network.layout.context)
            gate = network.gate(name).weight
            gate[:, gate.shape[1] - context :][:, constant[list(network.layout.context)]] = 0.0


def fold_scaling(network: FusionNetwork, scaling: StandardScaler) -> FusionNetwork:
    """The same function of values before standardising, as a network in double precision."""
    result = deepcopy(network).double()
    mean, std = torch.from_numpy(scaling.mean), torch.from_numpy(scaling.std)
    with torch.no_grad():
        for name in result.layout.towers:
            tower, columns = result.tower(name), list(result.layout.inputs(name))
            _fold(tower.hidden.weight, tower.hidden.bias, mean[columns], std[columns])
            _fold(tower.direct.weight, tower.output.bias, mean[columns], std[columns])
        columns = list(result.layout.context)
        for name in result.gates:
            gate = result.gate(name)
            first = gate.in_features - len(columns)
            _fold(gate.weight[:, first:], gate.bias, mean[columns], std[columns])
    return result


def _fold(weight: Tensor, bias: Tensor, mean: Tensor, std: Tensor) -> None:
    """Changes weight and bias in place, so that weight . x + bias is what it was for (x - mean) / std."""
    weight /= std
    bias -= weight @ mean


def _first(
    candidates: Iterable[FusionNetwork], accepted: Callable[[FusionNetwork], bool], default: FusionNetwork
) -> FusionNetwork:
    return next((candidate for candidate in candidates if accepted(candidate)), default)


def _unit_statistics(network: FusionNetwork, task: TrainingTask) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The mean and the standard deviation of each tower's hidden units over the training rows."""
    inputs = task.scaling.transform(task.rows.values)
    with torch.no_grad():
        units = {name: network.tower(name).units(inputs[:, task.layout.inputs(name)]) for name in network.towers}
    means = {name: values.mean(dim=0) for name, values in units.items()}
    return means, {name: values.std(dim=0, correction=0) for name, values in units.items()}


def _pruned(
    network: FusionNetwork, means: dict[str, Tensor], stds: dict[str, Tensor], threshold: float
) -> FusionNetwork:
    """The network without the weights whose input moves their sum by less than `threshold` of what the strongest does.

    A pruned input is replaced by its mean, which is added to the bias; the mean of a standardised input is 0.
    """
    result = deepcopy(network)
    with torch.no_grad():
        for name in result.layout.towers:
            tower = result.tower(name)
            for layer in (tower.hidden, tower.direct):
                layer.weight.masked_fill_(_weak(layer.weight.abs(), threshold), 0.0)
            _drop_units(tower.output, means[name], stds[name], threshold)
        for name in result.gates:
            context = torch.ones(len(result.layout.context))
            mean, std = torch.cat([means[name], 0 * context]), torch.cat([stds[name], context])
            _drop_units(result.gate(name), mean, std, threshold)
        for name in result.crosses:
            cross = result.cross(name)
            cross.weight.masked_fill_(_weak(cross.weight.abs() * stds[name], threshold), 0.0)
    return result


def _drop_units(layer: nn.Linear, mean: Tensor, std: Tensor, threshold: float) -> None:
    weak = _weak(layer.weight.abs() * std, threshold)
    layer.bias.add_((layer.weight * weak) @ mean)
    layer.weight.masked_fill_(weak, 0.0)


def _weak(magnitude: Tensor, threshold: float) -> Tensor:
    return magnitude < threshold * magnitude.max()


def _rounded(network: FusionNetwork, digits: int) -> FusionNetwork:
    result = deepcopy(network)
    with torch.no_grad():
        for parameter in result.parameters():
            values = [float(f"{value:.{digits - 1}e}") for value in parameter.flatten().tolist()]
            parameter.copy_(torch.tensor(values, dtype=parameter.dtype).reshape(parameter.shape))
    return result
