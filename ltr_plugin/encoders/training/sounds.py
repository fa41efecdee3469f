"""Training a sound and text encoder on a shop's own sounds and words.

Sounds meet texts as in CLAP (Wu et al. 2023, https://arxiv.org/abs/2211.06687), and sounds of the same product meet
each other (Khosla et al. 2020, https://arxiv.org/abs/2004.11362), so that what a shopper records finds the product.
Words go through a sentence encoder that stays as it is: a few hundred products teach how things sound, not English.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn.functional import normalize

from ltr_plugin.encoders import mel
from ltr_plugin.encoders.mel_network import MelNetwork, MelShape
from ltr_plugin.encoders.protocol import Encoder, Vectors
from ltr_plugin.encoders.registry import DEFAULT_TEXT_ENCODER, load_encoder
from ltr_plugin.encoders.training.batches import Batch
from ltr_plugin.encoders.training.course import Course
from ltr_plugin.encoders.training.examples import sources
from ltr_plugin.encoders.training.folder import replaced
from ltr_plugin.encoders.training.loop import UNSAID, Budget, Optimizer, fast_precision
from ltr_plugin.encoders.training.loss import item_text_loss, same_product_loss
from ltr_plugin.encoders.training.report import TrainingReport
from ltr_plugin.encoders.training.sound_augmentation import LONGER, augment
from ltr_plugin.encoders.training.sound_examples import SoundExamples, read_sounds
from ltr_plugin.progress import Progress, silent

FRESH_RATE, CONTINUED_RATE = 3e-3, 3e-4
EPOCHS = 200

SOUND_SCALE = 10.0
"""Inverse temperature between sounds; between sounds and texts it is learned, as in CLIP."""


def train_encoder(
    catalog: Path,
    out: Path,
    *,
    start: str | None = None,
    resume: bool = False,
    queries: Path | None = None,
    qrels: Path | None = None,
    batch: int = 48,
    budget: Budget = UNSAID,
    seed: int = 0,
    progress: Progress = silent,
) -> TrainingReport:
    """Trains on the catalog and writes the encoder's folder `out`, to be used as `mel:OUT`.

    `start` is the folder of such an encoder to go on from. `queries` with `qrels` add sound queries with grade 3 as
    further sounds of that product. Ctrl-C ends the training early and keeps what was learned. `progress` counts sounds
    read, then hundredths of the training. The same seed and steps give the same encoder on the same machine.
    InputError when there is nothing to learn from.
    """
    course = Course(
        catalog, out, "sounds", start=start, batch=batch, budget=budget, seed=seed, resume=resume, progress=progress
    )
    words = load_encoder(DEFAULT_TEXT_ENCODER)
    fresh = MelShape(text_dimension=words.fingerprint.dimension)
    network = mel.load(course.start).model.cpu() if course.start else MelNetwork(fresh)
    found = sources("audio", catalog, course.products, queries, qrels)
    examples = read_sounds(course.products, found, progress)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trainer = _Trainer(network.to(device), words, FRESH_RATE if course.fresh else CONTINUED_RATE, course.seed)
    course.run(
        examples,
        lambda drawn, share: trainer.step(examples, drawn, share),
        EPOCHS,
        say=lambda caption, _: caption,
    )

    encoder = mel.wrap(network.cpu(), words, out.resolve().name)
    texts = encoder.encode("text", [encoder.prepare("text", product.embedding_text()) for product in course.products])
    report, card = course.report(encoder, lambda places: _vectors(encoder, examples, places), texts)
    with replaced(out, card) as partial:
        mel.write(partial, network, DEFAULT_TEXT_ENCODER, encoder.fingerprint.model)
    return report


class _Trainer:
    """The network with its optimizer: one step at a time."""

    def __init__(self, network: MelNetwork, words: Encoder, rate: float, seed: int) -> None:
        self._network = network.train().requires_grad_(True)
        self._words = words
        self._embedded: dict[str, torch.Tensor] = {}
        self._device = next(network.parameters()).device
        self._views = torch.Generator(self._device).manual_seed(seed)
        self._optimizer = Optimizer(network, rate)

    def step(self, examples: SoundExamples, batch: Batch, share: float) -> None:
        """Learns from one batch, at the learning rate of this share of the training."""
        crops = examples.crops(batch.items, math.ceil(mel.FRAMES * LONGER), self._views).to(self._device)
        heard = augment(crops, mel.FRAMES, self._views)
        shows, said = batch.shows.to(self._device), batch.said.to(self._device)
        same = (shows.float() @ shows.float().T) > 0
        texts = self._embed(batch.captions).to(self._device)
        with fast_precision(self._device):
            sounds, texts = self._network.sounds(heard), self._network.texts(texts)
        sounds, texts = normalize(sounds.float(), dim=-1), normalize(texts.float(), dim=-1)
        scale = self._network.logit_scale.exp().clamp(max=100)
        loss = item_text_loss(sounds, texts, said, scale) + same_product_loss(sounds, same, SOUND_SCALE)
        self._optimizer.step(loss, share)

    def _embed(self, captions: list[str]) -> torch.Tensor:
        new = [caption for caption in dict.fromkeys(captions) if caption not in self._embedded]
        vectors = self._words.encode("text", [self._words.prepare("text", caption) for caption in new])
        self._embedded.update(zip(new, torch.from_numpy(vectors), strict=True))
        return torch.stack([self._embedded[caption] for caption in captions])


def _vectors(encoder: mel.MelEncoder, examples: SoundExamples, places: Sequence[int]) -> Vectors:
    return encoder.encode("audio", [encoder.prepare_spectrogram(examples.spectrogram(place)) for place in places])
