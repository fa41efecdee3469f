"""Random tensors on the device of their generator."""

import torch


def uniform(low: float, high: float, *shape: int, generator: torch.Generator) -> torch.Tensor:
    """float32 of this shape, uniform from `low` to `high`."""
    return low + (high - low) * torch.rand(*shape, generator=generator, device=generator.device)


def normal(*shape: int, generator: torch.Generator) -> torch.Tensor:
    """float32 of this shape, normal with mean 0 and variance 1."""
    return torch.randn(*shape, generator=generator, device=generator.device)
