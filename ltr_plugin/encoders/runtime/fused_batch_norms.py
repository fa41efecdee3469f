"""Batch norms folded into the convolutions before them, for inference (Jacob et al. 2018, section 3.2,
https://arxiv.org/abs/1712.05877)."""

import copy
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-3
"""Largest difference that folding may make, of outputs with a deviation of about 1: it is rounding alone."""


def has_depthwise_convolutions(network: "torch.nn.Module") -> bool:
    """Whether a convolution of the network has a filter of its own for each channel.

    A CPU is slow at these in any precision, while batch norms, which only read and write, cost as much as they do.
    """
    from torch import nn

    return any(isinstance(one, nn.Conv2d) and 1 < one.groups == one.in_channels for one in network.modules())


def fuse_batch_norms(network: "torch.nn.Module", example: "torch.Tensor") -> "torch.nn.Module":
    """A copy of a network in evaluation mode, without the batch norms that stand right behind a convolution.

    The network itself where that would change what it makes of the `example`.
    """
    import torch

    fused = copy.deepcopy(network)
    for module in fused.modules():
        for (_, first), (name, second) in pairwise(list(module.named_children())):
            if isinstance(first, torch.nn.Conv2d) and isinstance(second, torch.nn.BatchNorm2d):
                _fold(first, second)
                setattr(module, name, getattr(second, "act", torch.nn.Identity()))  # timm's norms have an activation
    with torch.inference_mode():
        before, after = network(example), fused(example)
    same = torch.allclose(after, before, rtol=0, atol=TOLERANCE * float(before.std()))
    return fused if same else network


def _fold(convolution: "torch.nn.Conv2d", norm: "torch.nn.BatchNorm2d") -> None:
    from torch.nn.utils.fusion import fuse_conv_bn_weights

    if norm.running_mean is None or norm.running_var is None:  # it norms by each batch
        return
    weight, bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )
    convolution.weight, convolution.bias = weight, bias
