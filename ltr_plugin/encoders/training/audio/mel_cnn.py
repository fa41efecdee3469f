"""Training of an audio and text encoder on a shop's own audio and text.

The loss pairs audio with text as in CLAP (Wu et al. 2023, https://arxiv.org/abs/2211.06687), and audio of the same
product with each other (Khosla et al. 2020, https://arxiv.org/abs/2004.11362), so that a shopper's recording finds the
product. Text goes through a sentence encoder that is not trained: a few hundred products teach sounds, not language.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn.functional import normalize

from ltr_plugin.encoders.audio import mel_cnn
from ltr_plugin.encoders.audio.mel_cnn_network import MelNetwork, MelShape
from ltr_plugin.encoders.encoder_folder import replace_encoder
from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.registry import DEFAULT_TEXT_ENCODER, load_encoder, load_encoder_for, loading, resolve_spec
from ltr_plugin.encoders.runtime.torch_encoder import default_device
from ltr_plugin.encoders.training.audio.augmentation import MIN_CROP_RATIO, augment
from ltr_plugin.encoders.training.audio.examples import AudioExamples, read_audio
from ltr_plugin.encoders.training.batches import Batch
from ltr_plugin.encoders.training.examples import media_sources
from ltr_plugin.encoders.training.fitting import DEFAULT_BUDGET, Budget, Optimizer, autocast_bfloat16
from ltr_plugin.encoders.training.frozen_text import encode_captions, product_texts
from ltr_plugin.encoders.training.loss import batch_loss
from ltr_plugin.encoders.training.report import TrainingReport
from ltr_plugin.encoders.training.training_run import TrainingRun
from ltr_plugin.progress import Progress, no_progress

FRESH_RATE, CONTINUED_RATE = 3e-3, 3e-4
EPOCHS = 200

AUDIO_SCALE = 10.0
"""Inverse temperature between audio and audio; between audio and text it is learned, as in CLIP."""


def train_encoder(
    catalog: Path,
    out: Path,
    *,
    start: str | None = None,
    text: str = DEFAULT_TEXT_ENCODER,
    resume: bool = False,
    queries: Path | None = None,
    qrels: Path | None = None,
    batch: int = 48,
    budget: Budget = DEFAULT_BUDGET,
    seed: int = 0,
    progress: Progress = no_progress,
) -> TrainingReport:
    """Trains on the catalog and writes the encoder's folder `out`, to be used as `mel:OUT`.

    `text` is the encoder of text beside it, and `start` the folder of such an encoder to continue from, with the
    encoder of text that it has. `queries` with `qrels` add audio queries with grade 3 as
    further audio of that product. Ctrl-C ends the training early and keeps what was learned. `progress` counts
    hundredths of the training, and its stages. The same seed and steps give the same encoder on the same machine.
    InputError when there is nothing to learn from.
    """
    training = TrainingRun(
        catalog,
        out,
        "audio files",
        start=start,
        batch=batch,
        budget=budget,
        seed=seed,
        resume=resume,
        progress=progress,
    )
    text = mel_cnn.text_of(training.start) if training.start else resolve_spec(text)
    text_encoder = load_encoder_for("text", text)
    network = _network(training.start, text_encoder.fingerprint.dimension)
    sources = media_sources("audio", catalog, training.products, queries, qrels)
    examples, captions = encode_captions(read_audio(training.products, sources, progress), text_encoder, progress)
    rate = FRESH_RATE if training.fresh else CONTINUED_RATE
    trainer = _Trainer(network.to(default_device()), captions, rate, training.seed)
    training.run(
        examples,
        lambda drawn, share: trainer.step(examples, drawn, share),
        EPOCHS,
        augment_text=lambda caption, _: caption,
    )

    encoder = mel_cnn.from_model(network.cpu(), text_encoder, out.resolve().name)
    texts = product_texts(encoder, training.products, progress)
    report, card = training.report(encoder, lambda items: _vectors(encoder, examples, items), texts)
    with replace_encoder(out, card) as partial:
        mel_cnn.write(partial, network, text, encoder.fingerprint.model)
    return report


def _network(start: str | None, text_dimension: int) -> MelNetwork:
    if start is None:
        return MelNetwork(MelShape(text_dimension=text_dimension))
    with loading(f"{mel_cnn.NAME}:{start}"):
        network: MelNetwork = mel_cnn.load(start, load_encoder).model.cpu()
    return network


class _Trainer:
    """The network with its optimizer: one step at a time."""

    def __init__(self, network: MelNetwork, captions: dict[str, torch.Tensor], rate: float, seed: int) -> None:
        self._network = network.train().requires_grad_(True)
        self._captions = captions
        self._device = next(network.parameters()).device
        self._views = torch.Generator(self._device).manual_seed(seed)
        self._optimizer = Optimizer(network, rate)

    def step(self, examples: AudioExamples, batch: Batch, share: float) -> None:
        """Takes one optimizer step on a batch; `share` is the completed share of the training."""
        crops = examples.crops(batch.items, math.ceil(mel_cnn.WINDOW_FRAMES * MIN_CROP_RATIO), self._views).to(
            self._device
        )
        augmented = augment(crops, mel_cnn.WINDOW_FRAMES, self._views)
        texts = torch.stack([self._captions[caption] for caption in batch.captions]).to(self._device)
        with autocast_bfloat16(self._device):
            audio, texts = self._network.audio(augmented), self._network.texts(texts)
        audio, texts = normalize(audio.float(), dim=-1), normalize(texts.float(), dim=-1)
        self._optimizer.step(batch_loss(audio, texts, batch, self._network.logit_scale, AUDIO_SCALE), share)


def _vectors(encoder: mel_cnn.MelEncoder, examples: AudioExamples, items: Sequence[int]) -> Vectors:
    return encoder.encode("audio", [encoder.prepare_spectrogram(examples.spectrogram(item)) for item in items])
