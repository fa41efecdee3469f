"""Training of a BiLSTM text encoder on a shop's own text.

The loss pairs a product's title with its other text, and with itself after other words are dropped (Gao et al. 2021,
https://arxiv.org/abs/2104.08821).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch.nn.functional import normalize

from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders import bilstm
from ltr_plugin.encoders.bilstm_network import LstmNetwork, LstmShape
from ltr_plugin.encoders.encoder_folder import replace_encoder
from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.registry import loading
from ltr_plugin.encoders.runtime.torch_encoder import default_device
from ltr_plugin.encoders.training.batches import Batch
from ltr_plugin.encoders.training.examples import SAME_PRODUCT_GRADE, Examples, augment_caption, captions, check_judged
from ltr_plugin.encoders.training.fitting import DEFAULT_BUDGET, Budget, Optimizer
from ltr_plugin.encoders.training.loss import batch_loss
from ltr_plugin.encoders.training.report import TrainingReport
from ltr_plugin.encoders.training.training_run import TrainingRun
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.queries.query import read_queries, typed_texts

FRESH_RATE, CONTINUED_RATE = 2e-3, 2e-4
EPOCHS = 30

MIN_STEPS_PER_EPOCH = 10
"""A catalog of a single batch needs more than one step for each epoch."""

TITLE_SCALE = 14.0
"""Inverse temperature between titles; between titles and other text it is learned, as in CLIP."""


def train_text(
    catalog: Path,
    out: Path,
    *,
    start: str | None = None,
    resume: bool = False,
    queries: Path | None = None,
    qrels: Path | None = None,
    batch: int = 128,
    budget: Budget = DEFAULT_BUDGET,
    seed: int = 0,
    progress: Progress = no_progress,
) -> TrainingReport:
    """Trains on the catalog's text and writes the encoder's folder `out`, to be used as `bilstm:OUT`.

    `start` is the folder of such an encoder to continue from. `queries` with `qrels` add typed queries with grade 3 as
    further titles of that product. Ctrl-C ends the training early and keeps what was learned. `progress`
    counts hundredths. The same seed and steps give the same encoder on the same machine. InputError when there is
    nothing to learn from.
    """
    training = TrainingRun(
        catalog, out, "titles", start=start, batch=batch, budget=budget, seed=seed, resume=resume, progress=progress
    )
    network = _network(training.start)
    examples = _read(training.products, queries, qrels)
    trainer = _Trainer(network.to(default_device()), FRESH_RATE if training.fresh else CONTINUED_RATE, training.rng)
    training.run(
        examples,
        lambda drawn, share: trainer.step(examples, drawn, share),
        EPOCHS,
        min_steps_per_epoch=MIN_STEPS_PER_EPOCH,
    )

    encoder = bilstm.from_model(network.cpu(), name=out.resolve().name)
    report, card = training.report(
        encoder,
        lambda items: _vectors(encoder, [examples.titles[item] for item in items]),
        _vectors(encoder, [_text_without_title(product) for product in training.products]),
    )
    with replace_encoder(out, card) as folder:
        bilstm.write(folder, network)
    return report


def _network(start: str | None) -> LstmNetwork:
    if start is None:
        return LstmNetwork(LstmShape())
    with loading(f"{bilstm.LIBRARY.name}:{start}"):
        network: LstmNetwork = bilstm.load(start).model.cpu()
    return network


@dataclass(frozen=True)
class _Titles(Examples):
    titles: tuple[str, ...]


def _read(products: Sequence[Product], queries: Path | None, qrels: Path | None) -> _Titles:
    """The titles of products, and the typed queries whose product is known from a judgment."""
    check_judged(queries, qrels)
    titles = [(product.title, (index,)) for index, product in enumerate(products) if product.title]
    typed: list[tuple[str, tuple[int, ...]]] = []
    if queries is not None and qrels is not None:
        indices, asked = {product.id: index for index, product in enumerate(products)}, read_queries(queries)
        judged, _ = Qrels.read(qrels).joined(typed_texts(asked))
        for query in asked:
            grades = judged.for_query(query.id).items()
            shown = tuple(indices[id_] for id_, grade in grades if grade >= SAME_PRODUCT_GRADE and id_ in indices)
            if query.mode == "text" and query.text and shown:
                typed.append((query.text, shown))
    return _Titles(
        shows=tuple(shown for _, shown in [*titles, *typed]),
        from_judgment=(False,) * len(titles) + (True,) * len(typed),
        captions=tuple(tuple(way for way in captions(product) if way != product.title) for product in products),
        unusable=(),
        titles=tuple(title for title, _ in [*titles, *typed]),
    )


def _text_without_title(product: Product) -> str:
    return ". ".join(filter(None, [", ".join(product.category), product.attribute_text(), product.description]))


class _Trainer:
    """The network with its optimizer: one step at a time."""

    def __init__(self, network: LstmNetwork, rate: float, rng: random.Random) -> None:
        self._network = network.train().requires_grad_(True)
        self._rng = rng
        self._optimizer = Optimizer(network, rate)

    def step(self, examples: _Titles, batch: Batch, share: float) -> None:
        """Takes one optimizer step on a batch; `share` is the completed share of the training."""
        titles = [augment_caption(examples.titles[item], self._rng) for item in batch.items]
        texts = [self._network.tokens(text) for text in [*titles, *batch.captions]]
        vectors = normalize(self._network(texts), dim=-1)
        title_vectors, caption_vectors = vectors[: len(titles)], vectors[len(titles) :]
        loss = batch_loss(title_vectors, caption_vectors, batch, self._network.logit_scale, TITLE_SCALE)
        self._optimizer.step(loss, share)


def _vectors(encoder: bilstm.LstmEncoder, texts: Sequence[str]) -> Vectors:
    return encoder.encode("text", [encoder.prepare("text", text) for text in texts])
