"""What encoders that run on torch share: device, precision, batches of like length, and the identity of the weights."""

import contextlib
import hashlib
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from workers.encoders.protocol import Vectors

if TYPE_CHECKING:
    import torch


class TorchEncoder:
    """Base of the encoders: a subclass prepares items and says what the model makes of a batch of them."""

    def __init__(self, model: Any, fingerprint: Fingerprint, sources: frozenset[Modality]) -> None:  # noqa: ANN401
        import torch

        self.fingerprint = fingerprint
        self.sources = sources
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.batch_size = 256 if self.device.type == "cuda" else 32
        self.model = model.to(self.device).eval().requires_grad_(False)
        self._lock = threading.Lock()

    def encode(self, source: Modality, prepared: Sequence[Any]) -> Vectors:
        """See Encoder. Items of like length share a batch, so that little is spent on padding."""
        import torch
        from torch.nn.functional import normalize

        vectors = np.empty((len(prepared), self.fingerprint.dimension), np.float32)
        order = sorted(range(len(prepared)), key=lambda place: self._length(prepared[place]))
        with self._lock, torch.inference_mode(), self._precision():
            for start in range(0, len(order), self.batch_size):
                places = order[start : start + self.batch_size]
                batch = self._forward(source, [prepared[place] for place in places])
                vectors[places] = normalize(batch.float(), dim=-1).cpu().numpy()
        return vectors

    def _forward(self, source: Modality, batch: list[Any]) -> "torch.Tensor":
        raise NotImplementedError

    def _length(self, prepared: Any) -> int:  # noqa: ANN401 - what `prepare` gave
        return len(prepared)

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        """Half precision where the hardware multiplies in it; a vector then keeps a cosine of 0.9999 with its like."""
        import torch

        if self.device.type == "cuda":
            return torch.autocast("cuda", torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16)
        return torch.autocast("cpu", torch.bfloat16) if cpu_multiplies_bfloat16() else contextlib.nullcontext()


def cpu_multiplies_bfloat16() -> bool:
    """Whether bfloat16 is faster than float32 here; False where torch cannot tell."""
    import torch

    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def weights_hash(weights: Mapping[str, "torch.Tensor"]) -> str:
    """Sixteen hex digits of a model's floating-point weights (BLAKE2b), as loaded and before any rounding.

    The tensors' names do not count: libraries rename them between versions, and a worker and a storefront may run
    different ones.
    """
    tensors = [tensor for tensor in weights.values() if tensor.is_floating_point()]
    with ThreadPoolExecutor() as pool:
        parts = sorted(pool.map(_tensor_hash, tensors))
    return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()


def _tensor_hash(tensor: "torch.Tensor") -> bytes:
    import torch

    raw = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return hashlib.blake2b(raw.tobytes(), digest_size=16).digest()
