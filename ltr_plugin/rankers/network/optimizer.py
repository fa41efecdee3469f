"""Adam with decoupled weight decay (AdamW), and an exponential moving average of the weights.

Kingma and Ba, Adam, ICLR 2015; Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019. The optimisers
of PyTorch import its compiler first, which takes longer than training one of these networks.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Adam:
    """Adam for these parameters. Only matrices are decayed, not biases."""

    def __init__(self, parameters: Sequence[Tensor], learning_rate: float, weight_decay: float) -> None:
        self._parameters = parameters
        self._learning_rate, self._weight_decay = learning_rate, weight_decay
        self._means = [torch.zeros_like(parameter) for parameter in parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in parameters]
        self.steps = 0

    def step(self, loss: Tensor) -> None:
        """Takes one step down the gradient of `loss`."""
        self.steps += 1
        gradients = torch.autograd.grad(loss, self._parameters, allow_unused=True)
        first, second = (1 - beta**self.steps for beta in BETAS)
        with torch.no_grad():
            for parameter, gradient, mean, square in zip(
                self._parameters, gradients, self._means, self._squares, strict=True
            ):
                if gradient is None:
                    continue
                mean.lerp_(gradient, 1 - BETAS[0])
                square.lerp_(gradient * gradient, 1 - BETAS[1])
                if parameter.ndim > 1:
                    parameter.mul_(1 - self._learning_rate * self._weight_decay)
                parameter.sub_(self._learning_rate * (mean / first) / ((square / second).sqrt() + EPSILON))


class EMA:
    """Exponential moving average of parameters, kept in `averages` (Polyak and Juditsky, 1992).

    The decay grows to `decay` over the first steps, so that the start values do not count.
    """

    def __init__(self, averages: Sequence[Tensor], decay: float) -> None:
        self._averages, self._decay = averages, decay
        self._steps = 0

    def add(self, parameters: Sequence[Tensor]) -> None:
        """Adds the parameters after one more step."""
        decay = min(self._decay, self._steps / (self._steps + 10))
        self._steps += 1
        with torch.no_grad():
            for average, parameter in zip(self._averages, parameters, strict=True):
                average.lerp_(parameter, 1 - decay)
