"""Photos on their way to a model: whole on a CPU, and as bytes to a GPU, which makes numbers of them itself."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image


class ImageBatcher:
    """What a library's transform makes of photos: `prepare` each by itself, then `batch` some of them on the device.

    A transform that ends in torchvision's `Normalize` after `ToTensor` is cut there if the device is a GPU: bytes are a
    quarter of the numbers to keep, to put together and to carry over, which took longer than a model of medium size.
    """

    def __init__(self, transform: Any, device: "torch.device", *, as_bytes: bool | None = None) -> None:  # noqa: ANN401
        """`transform` is a torchvision `Compose`; `as_bytes` says what else the device decides."""
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
        """(3, height, width) float32, normalised; or (height, width, 3) bytes."""
        import torch

        made: Any = self._prepare(photo)
        prepared: torch.Tensor = torch.from_numpy(np.array(made)) if self._as_bytes else made
        return prepared

    def batch(self, prepared: "Sequence[torch.Tensor]") -> "torch.Tensor":
        """(n, 3, height, width) float32 on the device, normalised. Not for several threads at once."""
        import torch

        if not self._as_bytes:
            return torch.stack(list(prepared)).to(self._device)
        shape = (len(prepared), *prepared[0].shape)
        size = math.prod(shape)
        if self._pinned.numel() < size:  # kept: memory that the GPU can read by itself takes long to get
            self._pinned = torch.empty(size, dtype=torch.uint8, pin_memory=self._device.type == "cuda")
        stacked = torch.stack(list(prepared), out=self._pinned[:size].view(shape))
        photos = stacked.to(self._device, non_blocking=True).permute(0, 3, 1, 2)
        return (photos.float() / 255 - self._mean) / self._std
