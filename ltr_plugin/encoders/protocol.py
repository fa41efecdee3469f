"""The protocol of encoders: each encodes one or more modalities into one vector space."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.extras import EXTRA_OF

Vectors = NDArray[np.float32]
"""float32 (n, dimension), each row of length 1."""


Parts = Iterator[tuple[Sequence[int], Vectors]]
"""Positions of items with their vectors, as soon as each part is made."""


def join_parts(parts: Parts, count: int, dimension: int) -> Vectors:
    """The vectors of `count` items in their order."""
    vectors = np.empty((count, dimension), np.float32)
    for positions, part in parts:
        vectors[positions] = part
    return vectors


class Encoder(Protocol):
    """Encodes items of its `modalities` into vectors of one space.

    An item is a `str` for text, an RGB `PIL.Image.Image` for an image, a `ltr_plugin.media.audio.Audio` for audio and a
    `ltr_plugin.media.video.Video` for video. `batch_size` is how many items are worth encoding in one call.

    A subclass needs these three attributes and `encode`; the other methods have an implementation to inherit.
    """

    fingerprint: Fingerprint
    modalities: frozenset[Modality]
    batch_size: int

    def prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401, ARG002 - each library has its own
        """The item in the form that `encode` takes: the part of encoding that runs on the CPU. It is thread-safe.

        MediaError when the item cannot be encoded, NothingToEncodeError when it has nothing to encode.
        """
        return item

    def prepare_query(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401
        """A shopper's item in the form that `encode` takes: as `prepare`, but for models with prefixes for queries."""
        return self.prepare(modality, item)

    def encode(self, modality: Modality, prepared: Sequence[Any]) -> Vectors:
        """The vectors of any number of prepared items, in their order. It is thread-safe.

        ItemsRefusedError when some cannot be encoded, EncoderUnavailableError when none can be now.
        """
        ...

    def encode_in_parts(self, modality: Modality, prepared: Sequence[Any]) -> Parts:
        """The same in parts, as soon as each is made: positions in `prepared` with their vectors.

        ItemsRefusedError comes after the vectors of all other items.
        """
        yield range(len(prepared)), self.encode(modality, prepared)


@runtime_checkable
class ProductVectors(Protocol):
    """An encoder that also learned vectors of products (dimension,), by their ids, from photos beyond the catalog's.

    They are indexed beside those of the products' own photos.
    """

    product_vectors: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Bundled:
    """A model whose weights a package brings, in its `module`; `summary` says what it is for, in a few words."""

    model: str
    module: str
    summary: str

    @property
    def extra(self) -> str:
        """The extra of this package that installs it."""
        return EXTRA_OF[self.module]

    @property
    def installed(self) -> bool:
        """Whether the package is installed."""
        return find_spec(self.module) is not None


@dataclass(frozen=True)
class Library:
    """A library that encoders come from; `name` is the part of a specification before the colon.

    `module` must be importable; `extra` is the extra of this package that installs it, empty if it is always installed.
    `models` describes in words how its models are named, `example` is one such name, and `load` takes one. `bundled`
    are those that need no download.
    """

    name: str
    module: str
    modalities: tuple[Modality, ...]
    models: str
    load: Callable[[str], Encoder]
    example: str = ""
    bundled: tuple[Bundled, ...] = ()

    @property
    def extra(self) -> str:
        """The extra of this package that installs `module`; empty for what is always installed."""
        return EXTRA_OF.get(self.module, "")
