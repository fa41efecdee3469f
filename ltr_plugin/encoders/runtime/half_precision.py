"""Half precision: which 16-bit type is faster on a device, and casting weights to it."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def half_dtype(device: "torch.device") -> "torch.dtype | None":
    """The 16-bit dtype that this device multiplies faster than float32; None if it has none."""
    import torch

    if device.type == "cuda":
        # not `is_bf16_supported`: it is also true for older GPUs, where bfloat16 is slower than float32
        return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return torch.bfloat16 if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else None


def cast_weights(
    model: "torch.nn.Module", half: "torch.dtype", keep_float32: "Collection[torch.nn.Module]" = ()
) -> None:
    """Casts the weights of matrix products, in place, to the dtype that autocast would cast them to for every batch.

    Modules in `keep_float32` are left out. The vectors stay the same; without casts in every batch, a CPU makes them up
    to ten times as fast.
    """
    from torch import nn

    for module in model.modules():
        if module in keep_float32:
            continue
        if isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)):
            module.to(half)
        elif isinstance(module, nn.MultiheadAttention):
            for weights in (module.in_proj_weight, module.in_proj_bias):
                if weights is not None:
                    weights.data = weights.data.to(half)
