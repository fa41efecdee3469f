"""Queries turned into vectors, within a time: what is not done then is left out, and said to be."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField, query_fields
from ltr_plugin.errors import EncoderError, InputError, MediaError, Problem
from ltr_plugin.service import metrics
from ltr_plugin.service.batches import QueueFullError, SharedBatches
from ltr_plugin.service.encoder_process import EncoderProcess, Item, Vectors
from ltr_plugin.service.model_loading import ModelLoading

TEXTS_PER_BATCH, MEDIA_PER_BATCH = 32, 8
WAITING = 64
"""Items of a modality that wait for their batch at most; at 10 photos a second more would wait longer than shoppers."""

CACHED_TEXTS = 20_000
"""Texts whose vectors are kept, of some KB each: few queries are most of what a shop is asked."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodedInputs:
    """The vectors of a query by parameter, and the modalities that are left out because they were not done in time."""

    vectors: Mapping[str, list[float]] = field(default_factory=dict)
    degraded: tuple[Modality, ...] = ()


class QueryEncoding:
    """Encodes what shoppers send, with the encoders of an index's vector fields."""

    def __init__(self, vectors: Sequence[VectorField], *, text_budget_s: float, media_budget_s: float) -> None:
        """The budgets are the times that a query waits for the vectors of its text, and for those of its media."""
        fields = query_fields(vectors)
        self.modalities = frozenset(one.source for one in fields)
        self._text_budget_s, self._media_budget_s = text_budget_s, media_budget_s
        self._process = EncoderProcess(fields)
        self._texts: OrderedDict[str, Vectors] = OrderedDict()
        self._batches = {modality: self._batches_of(modality) for modality in self.modalities}
        self._loading = ModelLoading(self._process, "the encoders cannot be loaded, searches go on without vectors")

    @property
    def ready(self) -> bool:
        """Whether all encoders are loaded; until then queries are answered without vectors."""
        return self._process.ready or not self.modalities

    def start(self) -> None:
        """Loads the encoders in the background, and tries again until they are loaded."""
        if self.modalities:
            self._loading.start()

    def pid(self) -> int | None:
        """The process of the encoders."""
        return self._process.pid()

    async def close(self) -> None:
        """Ends the encoders."""
        self._loading.stop()
        self._process.close()

    async def encode(self, inputs: Mapping[Modality, Item]) -> EncodedInputs:
        """The vectors of a query's inputs. InputError lists the media that cannot be used."""
        asked = {modality: item for modality, item in inputs.items() if modality in self.modalities and item}
        results = await asyncio.gather(
            *(self._within_budget(modality, item) for modality, item in asked.items()), return_exceptions=True
        )
        vectors: Vectors = {}
        problems: list[Problem] = []
        degraded: list[Modality] = []
        for modality, result in zip(asked, results, strict=True):
            match result:
                case MediaError():
                    problems.append(Problem(modality, str(result)))
                case TimeoutError() | QueueFullError() | EncoderError():
                    metrics.DEGRADED.labels(modality, type(result).__name__).inc()
                    degraded.append(modality)
                case BaseException():
                    raise result
                case _:
                    vectors |= result
        if problems:
            raise InputError("query", problems)
        return EncodedInputs(vectors, tuple(degraded))

    async def _within_budget(self, modality: Modality, item: Item) -> Vectors:
        if modality == "text" and (known := self._known(str(item))):
            return known
        if not self._process.ready:
            self.start()
            raise EncoderError("the encoders are being loaded")
        budget_s = self._text_budget_s if modality == "text" else self._media_budget_s
        vectors = await asyncio.wait_for(self._batches[modality](item), budget_s)
        if modality == "text":
            self._keep(str(item), vectors)
        return vectors

    def _batches_of(self, modality: Modality) -> SharedBatches[Item, Vectors]:
        async def run(items: Sequence[Item]) -> Sequence[Vectors | Exception]:
            metrics.BATCH_ITEMS.labels(modality).observe(len(items))
            with metrics.ENCODE_SECONDS.labels(modality).time():
                try:
                    return await self._process.encode(modality, items)
                except EncoderError as error:
                    log.warning("%s cannot be encoded: %s", modality, error)
                    self._loading.restart()
                    raise

        batch = TEXTS_PER_BATCH if modality == "text" else MEDIA_PER_BATCH
        return SharedBatches(run, batch=batch, waiting=WAITING)

    def _known(self, text: str) -> Vectors | None:
        with suppress(KeyError):
            self._texts.move_to_end(text)
            return self._texts[text]
        return None

    def _keep(self, text: str, vectors: Vectors) -> None:
        self._texts[text] = vectors
        while len(self._texts) > CACHED_TEXTS:
            self._texts.popitem(last=False)
