"""Training loop and optimizer that all networks share; the loop runs until a budget is used."""

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ltr_plugin.errors import InputError
from ltr_plugin.progress import Progress

if TYPE_CHECKING:
    import torch

B = TypeVar("B")

WARMUP_SHARE = 0.05
"""Share of the training in which the learning rate rises; afterwards it follows a cosine to 0."""


@dataclass(frozen=True)
class Budget:
    """How long to train: by time, by steps (batches), or by epochs; the first one that is given counts.

    InputError for one that is not above 0, or is infinite.
    """

    minutes: float | None = None
    steps: int | None = None
    epochs: float | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and not 0 < value < math.inf:
                raise InputError(name, f"must be above 0 and finite, not {value}; leave it out for the default")

    def share(self, seconds: float, steps: int, steps_per_epoch: float, default_epochs: float) -> float:
        """The share that is used, from 0 to 1; `default_epochs` counts if the budget is empty."""
        if self.minutes:
            return min(1.0, seconds / (60 * self.minutes))
        return min(1.0, steps / (self.steps or (self.epochs or default_epochs) * steps_per_epoch))


DEFAULT_BUDGET = Budget()
"""The default number of epochs of the kind of encoder."""


@dataclass(frozen=True)
class FitResult:
    """Steps and seconds of this run, and the completed share of the training, including earlier runs."""

    steps: int
    seconds: float
    share: float


def fit(
    step: Callable[[B, float], None],
    batches: Iterable[B],
    budget: Budget,
    *,
    steps_per_epoch: float,
    default_epochs: float,
    done: float = 0.0,
    finished: Callable[[], bool] = lambda: False,
    progress: Progress,
) -> FitResult:
    """Calls `step` with each batch and the completed share until the budget is used; Ctrl-C ends it early.

    `done` is the share that an interrupted training had completed. `finished` is asked after each epoch, and ends the
    training when it is true. `progress` counts hundredths of the whole.
    """
    steps_per_epoch = max(1.0, steps_per_epoch)
    began, steps, share = time.monotonic(), 0, done
    with contextlib.suppress(KeyboardInterrupt):
        for batch in batches:
            used = budget.share(time.monotonic() - began, steps, steps_per_epoch, default_epochs)
            share = done + (1 - done) * used
            progress(int(100 * share), 100)
            if share >= 1:
                break
            step(batch, share)
            steps += 1
            if int(steps / steps_per_epoch) > int((steps - 1) / steps_per_epoch) and finished():
                share = 1.0
                break
    return FitResult(steps, time.monotonic() - began, share)


class Optimizer:
    """AdamW (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101) with warm-up and a cosine schedule.

    Weight decay applies to matrices and filters only, not to biases and scales of norms.
    """

    def __init__(
        self,
        model: "torch.nn.Module",
        rate: float,
        decay: float = 0.05,
        others: "Sequence[tuple[torch.nn.Module, float]]" = (),
    ) -> None:
        """`others` are further modules to train, each at a rate of its own."""
        import torch

        groups: list[dict[str, Any]] = []
        for module, own in ((model, rate), *others):
            matrices = [weight for weight in module.parameters() if weight.ndim > 1]
            vectors = [weight for weight in module.parameters() if weight.ndim <= 1]
            groups += [
                {"params": matrices, "weight_decay": decay, "rate": own},
                {"params": vectors, "weight_decay": 0.0, "rate": own},
            ]
        self._adam = torch.optim.AdamW([group for group in groups if group["params"]], lr=rate, fused=True)
        self._weights = [weight for group in groups for weight in group["params"]]

    def step(self, loss: "torch.Tensor", share: float) -> None:
        """Takes one step; `share` sets the learning rate, and gradients are clipped at norm 1."""
        import torch

        for group in self._adam.param_groups:
            group["lr"] = group["rate"] * min(1.0, (share + 0.001) / WARMUP_SHARE) * (1 + math.cos(math.pi * share)) / 2
        self._adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._adam.step()


def autocast_bfloat16(device: "torch.device") -> contextlib.AbstractContextManager[Any]:
    """Autocast to bfloat16 if the device multiplies faster in it than in float32."""
    import torch

    from ltr_plugin.encoders.runtime.half_precision import half_dtype

    # not float16, whose gradients need scaling
    fast = half_dtype(device) is torch.bfloat16
    return torch.autocast(device.type, torch.bfloat16) if fast else contextlib.nullcontext()
