"""Text encoders of a service that is called by HTTP: `http:MODEL`, at the address in LTR_EMBEDDINGS_URL.

The address is a setting and no part of the specification, which an index carries: whoever may write to an index could
otherwise have every worker send its key to an address of his own.
"""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.protocol import Encoder, Library, Parts, Vectors, join_parts
from ltr_plugin.encoders.remote.service import PARALLEL_REQUESTS, EmbeddingsService, RequestRefusedError
from ltr_plugin.encoders.runtime.vector_cache import VectorCache
from ltr_plugin.errors import EncoderError, EncoderSpecError, ItemsRefusedError, counted
from ltr_plugin.settings import Settings

MAX_TEXTS, MAX_CHARACTERS = 32, 100_000
"""Texts and characters of one request: common inference servers take no more than 32 texts, providers no more than
300,000 tokens."""

RETRY_TIMEOUT_S, LOAD_RETRY_TIMEOUT_S = 60.0, 5.0
"""Seconds in which a request is repeated. The first one, in `load`, rather tells soon what is wrong."""

PROBE = "red mug"
"""A text that any service takes."""

log = logging.getLogger(__name__)

Result = NDArray[np.float32] | str
"""A text's vector of unit length, or why it has none."""


class HttpEncoder(Encoder):
    """Encodes text by requests to a service, a few of them at once."""

    def __init__(self, service: EmbeddingsService, fingerprint: Fingerprint) -> None:
        settings = Settings.from_env()
        self.fingerprint = fingerprint
        self.modalities: frozenset[Modality] = frozenset({"text"})
        self.batch_size = settings.batch_size or MAX_TEXTS
        self._service = service
        self._cache = VectorCache(settings.cached_texts)
        self._pool = ThreadPoolExecutor(PARALLEL_REQUESTS, "embeddings")

    def prepare(self, modality: Modality, item: str) -> str:  # noqa: ARG002 - text is its only modality
        """The text, without halves of surrogate pairs, which JSON cannot express."""
        return item.encode(errors="replace").decode()

    def encode(self, modality: Modality, prepared: Sequence[Any]) -> Vectors:
        """The vectors of texts, float32 (n, dimension) of unit length, in their order; errors as `encode_in_parts`."""
        return join_parts(self.encode_in_parts(modality, prepared), len(prepared), self.fingerprint.dimension)

    def encode_in_parts(self, modality: Modality, prepared: Sequence[Any]) -> Parts:  # noqa: ARG002
        """Positions in `prepared` with their vectors: those that are known first, then request by request.

        ItemsRefusedError, after the vectors of all others, when the service refuses some; EncoderUnavailableError when
        it has no answer; EncoderError when its answer is wrong.
        """
        known = self._cache.find(prepared)
        if known:
            yield list(known), np.stack(list(known.values()))
        new = [position for position in range(len(prepared)) if position not in known]
        if not new:
            return
        batches = list(_batches(prepared, new, self.batch_size))
        reasons: dict[int, str] = {}
        answers = self._pool.map(self._results, [[prepared[position] for position in batch] for batch in batches])
        for batch, results in zip(batches, answers, strict=True):
            good = {position: one for position, one in zip(batch, results, strict=True) if not isinstance(one, str)}
            reasons |= {position: one for position, one in zip(batch, results, strict=True) if isinstance(one, str)}
            if good:
                vectors = np.stack(list(good.values()))
                self._cache.keep([prepared[position] for position in good], vectors)
                yield list(good), vectors
        log.info("%s: %s sent; %d tokens so far", self._service.name, counted(len(new), "text"), self._service.tokens)
        if len(reasons) == len(new):
            _probe(self._service, RETRY_TIMEOUT_S)  # the service may refuse everything: then no text is to blame
        if reasons:
            raise ItemsRefusedError(reasons)

    def _results(self, texts: Sequence[str]) -> list[Result]:
        """The result of each text; where the service refuses them as a whole, those of each half."""
        try:
            matrix = self._service.embed(texts, retry_timeout_s=RETRY_TIMEOUT_S)
        except RequestRefusedError as error:
            if len(texts) == 1:
                return [str(error)]
            half = len(texts) // 2
            return [*self._results(texts[:half]), *self._results(texts[half:])]
        if matrix.shape[1] != self.fingerprint.dimension:
            raise EncoderError(
                f"{self._service.name} answered embeddings of {matrix.shape[1]} dimensions, and of "
                f"{self.fingerprint.dimension} when the encoder was loaded"
            )
        return [_unit(row, self._service.name) for row in matrix]


def load(model: str) -> HttpEncoder:
    """The encoder of a model of the service in LTR_EMBEDDINGS_URL, whose dimension a first request tells.

    EncoderSpecError without that setting; EncoderUnavailableError and EncoderError as of `EmbeddingsService.embed`.
    """
    url = Settings.from_env().embeddings_url
    if not url:
        raise EncoderSpecError(
            f"encoder 'http:{model}' needs the address of its service; set LTR_EMBEDDINGS_URL, such as to "
            "https://api.example.com/v1"
        )
    service = EmbeddingsService(url, model)
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=model,
        revision=service.name,  # the same name may be another model elsewhere
        dimension=len(_probe(service, LOAD_RETRY_TIMEOUT_S)),
        preprocessing="",
        weights="",
    )
    return HttpEncoder(service, fingerprint)


def _probe(service: EmbeddingsService, retry_timeout_s: float) -> NDArray[np.float32]:
    """The vector of a text that any service takes; EncoderError when this one does not."""
    (row,) = service.embed([PROBE], retry_timeout_s=retry_timeout_s)
    vector = _unit(row, service.name)
    if isinstance(vector, str):
        raise EncoderError(vector)
    return vector


def _unit(row: NDArray[np.float64], name: str) -> Result:
    length = np.linalg.norm(row)
    if not 0 < length < np.inf:
        return f"{name} answered an embedding that is zero, or not of finite numbers"
    return (row / length).astype(np.float32)


def _batches(texts: Sequence[str], positions: Sequence[int], max_texts: int) -> Iterator[list[int]]:
    """The positions in requests of at most `max_texts` texts and MAX_CHARACTERS, unless a single text is longer."""
    batch: list[int] = []
    characters = 0
    for position in positions:
        if batch and (len(batch) == max_texts or characters + len(texts[position]) > MAX_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(position)
        characters += len(texts[position])
    yield batch


LIBRARY = Library(
    name="http",
    module="urllib3",
    modalities=("text",),
    models="a model of the service at LTR_EMBEDDINGS_URL, which offers OpenAI's embeddings API",
    load=load,
    example="text-embedding-3-small",
)
