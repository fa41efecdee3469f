"""An encoder of another package, whose mistakes become errors that name it."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.protocol import Encoder, Library, Parts, ProductVectors, Vectors
from ltr_plugin.errors import EncoderError, LtrError


class CheckedEncoder(Encoder):
    """Calls an encoder, checks the shape of its vectors and gives them unit length; a row of zeros stays one."""

    def __init__(self, encoder: Encoder, library: Library, spec: str) -> None:
        """EncoderError when the encoder lacks what `Encoder` requires."""
        self._encoder, self._spec = encoder, spec
        for name in ("prepare", "prepare_query", "encode", "encode_in_parts"):
            if not callable(getattr(encoder, name, None)):
                raise self._error(f"has no method {name}; let its class inherit from ltr_plugin.encoders.Encoder")
        fingerprint = getattr(encoder, "fingerprint", None)
        if not isinstance(fingerprint, Fingerprint) or fingerprint.library != library.name:
            raise self._error(f"has no fingerprint with library={library.name!r}")
        if not _is_positive(fingerprint.dimension) or not _is_positive(getattr(encoder, "batch_size", None)):
            raise self._error("has a dimension or batch_size that is no number above 0")
        self.modalities = frozenset(getattr(encoder, "modalities", ()))
        if not self.modalities or not self.modalities <= set(library.modalities):
            raise self._error(f"has modalities other than {', '.join(library.modalities)}")
        self.fingerprint = fingerprint
        self.batch_size = encoder.batch_size
        if isinstance(encoder, ProductVectors):
            self.product_vectors: Mapping[str, NDArray[np.float32]] = encoder.product_vectors

    def prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401
        """What the encoder makes of an item."""
        return self._encoder.prepare(modality, item)

    def prepare_query(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401
        """What the encoder makes of a shopper's item."""
        return self._encoder.prepare_query(modality, item)

    def encode(self, modality: Modality, prepared: Sequence[Any]) -> Vectors:
        """The vectors of prepared items; EncoderError when they are not what `Encoder` promises."""
        if not len(prepared):
            return np.empty((0, self.fingerprint.dimension), np.float32)
        with self._naming_itself():
            return self._checked(self._encoder.encode(modality, prepared), len(prepared))

    def encode_in_parts(self, modality: Modality, prepared: Sequence[Any]) -> Parts:
        """The same in the encoder's parts."""
        if not len(prepared):
            return
        parts = iter(self._encoder.encode_in_parts(modality, prepared))
        while True:
            with self._naming_itself():
                part = next(parts, None)
                if part is None:
                    return
                checked = self._checked(part[1], len(part[0]))
            yield part[0], checked

    def _checked(self, vectors: object, count: int) -> Vectors:
        matrix = np.asarray(vectors, np.float32)
        expected = count, self.fingerprint.dimension
        if matrix.shape != expected:
            raise self._error(f"made vectors of shape {matrix.shape}, not {expected}")
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        unit: Vectors = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
        return unit

    @contextlib.contextmanager
    def _naming_itself(self) -> Iterator[None]:
        try:
            yield
        except LtrError:
            raise
        except Exception as error:  # a package may raise anything
            raise self._error(f"failed: {type(error).__name__}: {error}") from error

    def _error(self, reason: str) -> EncoderError:
        return EncoderError(f"encoder {self._spec!r} {reason}")


def _is_positive(value: object) -> bool:
    return isinstance(value, int) and value > 0
