"""Batches of photos for a model: float32 on a CPU; bytes that a GPU converts and normalises itself."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image


class ImageBatcher:
    """Applies a library's transform to photos: `prepare` for each photo, then `batch` for some of them on the device.

    If the transform ends in torchvision's `ToTensor` and `Normalize`, these two run on the device if that is a GPU:
    bytes are a quarter of the size to keep, to stack and to copy, which took longer than a model of medium size.
    """

    def __init__(self, transform: Any, device: "torch.device", *, as_bytes: bool | None = None) -> None:  # noqa: ANN401
        """`transform` is a torchvision `Compose`; `as_bytes` overrides the choice by device."""
        import torch
        from torchvision.transforms import Compose, Normalize

        *framing, to_tensor, normalize = getattr(transform, "transforms", [None, None])
        separable = isinstance(normalize, Normalize) and "ToTensor" in type(to_tensor).__name__
        self._as_bytes = separable and (device.type == "cuda" if as_bytes is None else as_bytes)
        self._prepare = Compose(framing) if self._as_bytes else transform
        self._device = device
        self._pinned = torch.empty(0, dtype=torch.uint8)
        if self._as_bytes:
            self._mean, self._std = (
                torch.as_tensor(values, dtype=torch.float32, device=device).view(1, 3, 1, 1)
                for values in (normalize.mean, normalize.std)
            )

    def prepare(self, photo: "Image") -> "torch.Tensor":
        """float32 (3, height, width), normalised; or uint8 (height, width, 3)."""
        import torch

        framed: Any = self._prepare(photo)
        prepared: torch.Tensor = torch.from_numpy(np.array(framed)) if self._as_bytes else framed
        return prepared

    def batch(self, prepared: "Sequence[torch.Tensor]") -> "torch.Tensor":
        """float32 (n, 3, height, width) on the device, normalised. Not thread-safe."""
        import torch

        if not self._as_bytes:
            return torch.stack(list(prepared)).to(self._device)
        shape = (len(prepared), *prepared[0].shape)
        size = math.prod(shape)
        if self._pinned.numel() < size:  # kept, because allocating pinned memory is slow
            self._pinned = torch.empty(size, dtype=torch.uint8, pin_memory=self._device.type == "cuda")
        stacked = torch.stack(list(prepared), out=self._pinned[:size].view(shape))
        photos = stacked.to(self._device, non_blocking=True).permute(0, 3, 1, 2)
        return (photos.float() / 255 - self._mean) / self._std
