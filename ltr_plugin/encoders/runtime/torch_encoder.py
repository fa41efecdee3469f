"""The base of encoders that run on PyTorch: device, precision, and the hash of the weights."""

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.runtime.batch_size_tuner import GPU_TUNER
from ltr_plugin.encoders.runtime.batched_encoder import BatchedEncoder
from ltr_plugin.encoders.runtime.cores import cores
from ltr_plugin.encoders.runtime.half_precision import cast_weights, half_dtype
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    import torch


def default_device() -> "torch.device":
    """The GPU, where there is one, else the CPU."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class TorchEncoder(BatchedEncoder):
    """Base of the encoders on PyTorch: a subclass implements `_prepare` for one item and `_forward` for a batch."""

    def __init__(
        self,
        model: Any,  # noqa: ANN401 - a torch module
        fingerprint: Fingerprint,
        modalities: frozenset[Modality],
        *,
        cpu_batch_size: int = 32,
    ) -> None:
        """A GPU's batch size is found by timing; on a CPU sizes differ by a few per cent, less than a trial costs."""
        import torch

        self.device = default_device()
        self.model = model.to(self.device).eval().requires_grad_(False)
        self.tokenizer_lock = threading.Lock()  # for encoders whose tokenizer is not thread-safe
        gpu = self.device.type == "cuda"
        size, tuner = (256, GPU_TUNER) if gpu else (cpu_batch_size, None)
        super().__init__(fingerprint, modalities, batch_size=size, tuner=tuner)
        if Settings.from_env().compile:
            for tower in self._towers():
                # not `tower.compile()`, which has no effect if a library calls `forward` directly
                tower.forward = torch.compile(tower.forward, dynamic=True)

    def prepare_for_inference(self) -> None:
        """Casts weights to half precision where that is faster; the model must not be trained or saved afterwards."""
        if half := self._half_dtype():
            cast_weights(self.model, half, self._keep_float32())

    def _half_dtype(self) -> "torch.dtype | None":
        """The 16-bit type that the model runs in; None for float32."""
        return half_dtype(self.device)

    def _keep_float32(self) -> "list[torch.nn.Module]":
        """The modules whose weights `prepare_for_inference` does not cast."""
        return []

    def _forward(self, modality: Modality, batch: list[Any]) -> "torch.Tensor":
        raise NotImplementedError

    def _vectors(self, modality: Modality, batch: list[Any]) -> Vectors:
        from torch.nn.functional import normalize

        vectors: Vectors = normalize(self._forward(modality, batch).float(), dim=-1).cpu().numpy()
        return vectors

    def _streams(self, modality: Modality) -> int:  # noqa: ARG002
        """On a CPU one for each core: threads inside a single stream would wait for the slowest one at every layer."""
        return 1 if self.device.type == "cuda" else cores()

    def _start_stream(self, modality: Modality) -> None:
        import torch

        if self._streams(modality) > 1 or cores() == 1:  # else the single stream uses all cores
            torch.set_num_threads(1)

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        import torch

        with torch.inference_mode(), self._precision():
            yield

    def _towers(self) -> "list[torch.nn.Module]":
        """The modules worth compiling: those whose `forward` takes only tensors."""
        return [self.model]

    def _out_of_memory(self, error: Exception) -> bool:
        import torch

        # some of PyTorch's allocators only raise a RuntimeError with such a message
        allocation_failed = isinstance(error, RuntimeError) and "alloc" in str(error).lower()
        return allocation_failed or isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError))

    def _free_memory(self) -> None:
        import torch

        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        """Half precision where it is faster; a vector has a cosine of 0.9999 with the one made in float32."""
        import torch

        half = self._half_dtype()
        return torch.autocast(self.device.type, half) if half else contextlib.nullcontext()


def weights_hash(weights: Mapping[str, "torch.Tensor"]) -> str:
    """Hash of a model's floating-point weights (BLAKE2b, 16 hex digits), as loaded and before any rounding.

    The tensors' names do not count: libraries rename them between versions, and a worker and a storefront may run
    different versions.
    """
    tensors = [tensor for tensor in weights.values() if tensor.is_floating_point()]
    with ThreadPoolExecutor() as pool:
        parts = sorted(pool.map(_tensor_hash, tensors))
    return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()


def _tensor_hash(tensor: "torch.Tensor") -> bytes:
    import torch

    raw = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return hashlib.blake2b(raw.tobytes(), digest_size=16).digest()
