"""What an encoder is: one vector space, into which it puts one or more modalities."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.extras import EXTRA_OF

Vectors = NDArray[np.float32]
"""(n, dimension), each row of length 1."""


class Encoder(Protocol):
    """Turns items of the modalities in `modalities` into vectors of one space.

    An item is a `str` for text, an RGB `PIL.Image.Image` for an image, a `media.sounds.Audio` for audio and a
    `media.video.Video` for video. `batch_size` is how many it is worth handing over at once.
    """

    fingerprint: Fingerprint
    modalities: frozenset[Modality]
    batch_size: int

    def prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401 - each library has its own
        """The part of encoding that runs on the CPU, ahead of `encode`; may be called from many threads."""
        ...

    def encode(self, modality: Modality, prepared: Sequence[Any]) -> Vectors:
        """The vectors of prepared items, in their order; any number of them. May be called from several threads."""
        ...

    def encode_in_parts(self, modality: Modality, prepared: Sequence[Any]) -> Iterator[tuple[Sequence[int], Vectors]]:
        """The same as soon as they are made: some items' places with their vectors, until all have been."""
        ...


@dataclass(frozen=True)
class Library:
    """A library that encoders come from: the part of a specification before the colon.

    `module` is what must be importable. `models` says in words how its models are named, `example` is one, `load` takes such a name.
    """

    name: str
    module: str
    modalities: tuple[Modality, ...]
    models: str
    load: Callable[[str], Encoder]
    example: str = ""

    @property
    def extra(self) -> str:
        """The extra of this package that installs `module`; empty for what is always installed."""
        return EXTRA_OF.get(self.module, "")
