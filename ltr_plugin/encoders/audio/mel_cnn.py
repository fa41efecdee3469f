"""Sound and text encoders that `ltr encoder train --kind audio` makes: a small network on spectrograms, one space."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.audio.log_mel import DESCRIPTION, FLOOR_DB, Spectrogram, audio_of, log_mel
from ltr_plugin.encoders.encoder_folder import require_files
from ltr_plugin.encoders.protocol import Encoder, Library
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder, weights_hash

if TYPE_CHECKING:
    import torch

    from ltr_plugin.encoders.audio.mel_cnn_network import MelNetwork

NAME = "mel"
CONFIG, WEIGHTS = "mel_config.json", "mel_model.safetensors"

WINDOW_FRAMES = 160
"""The network hears 3.2 s at a time."""

MAX_WINDOWS = 12
AUDIBLE_DB = -30.0
"""A stretch that is never louder than this, relative to the sound's loudest, says nothing of it."""

_WINDOWS = f"{WINDOW_FRAMES} frames every {WINDOW_FRAMES // 2} that reach {AUDIBLE_DB:g} dB, at most {MAX_WINDOWS}"
PREPROCESSING = f"{DESCRIPTION}; {_WINDOWS}; as loudness"


class MelEncoder(TorchEncoder):
    """Sounds, sound tracks of videos, and text into the space of a trained network.

    A sound's vector is the mean direction of its windows' vectors.
    """

    model: "MelNetwork"

    def __init__(self, model: "MelNetwork", text_encoder: Encoder, fingerprint: Fingerprint) -> None:
        super().__init__(model, fingerprint, frozenset({"text", "audio", "video"}))
        self.text_encoder = text_encoder

    def prepare_spectrogram(self, spectrogram: Spectrogram) -> "torch.Tensor":
        """What `prepare` gives for a sound, from its spectrogram: float32 (windows, FRAMES, BANDS) decibels."""
        import torch

        return torch.from_numpy(loud_windows(spectrogram))

    def _prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401 - text or tensor
        if modality == "text":
            return self.text_encoder.prepare("text", item)
        return self.prepare_spectrogram(log_mel(audio_of(modality, item)))

    def _towers(self) -> "list[torch.nn.Module]":
        return list(self.model.blocks)

    def _forward(self, modality: Modality, batch: Sequence[Any]) -> "torch.Tensor":
        import torch
        from torch.nn.functional import normalize

        if modality == "text":
            return self.model.texts(torch.from_numpy(self.text_encoder.encode("text", batch)).to(self.device))
        vectors = normalize(self.model.audio(torch.cat(list(batch)).to(self.device)).float(), dim=-1)
        return torch.stack([part.mean(dim=0) for part in torch.split(vectors, [len(audio) for audio in batch])])


def loud_windows(spectrogram: Spectrogram) -> Spectrogram:
    """(n, FRAMES, BANDS): the stretches of a spectrogram that are loud enough, evenly chosen where they are many.

    Each is relative to its own loudest; a short sound lies in the middle of silence.
    """
    missing = max(0, WINDOW_FRAMES - len(spectrogram))
    whole = np.pad(spectrogram, ((missing // 2, missing - missing // 2), (0, 0)), constant_values=FLOOR_DB)
    last = len(whole) - WINDOW_FRAMES
    starts = np.unique(np.linspace(0, last, 1 + -(-2 * last // WINDOW_FRAMES)).round().astype(int))
    loud = [start for start in starts if whole[start : start + WINDOW_FRAMES].max() > AUDIBLE_DB]
    chosen = [loud[place] for place in np.unique(np.linspace(0, len(loud) - 1, MAX_WINDOWS).round().astype(int))]
    found = np.stack([whole[start : start + WINDOW_FRAMES] for start in chosen])
    return np.asarray(np.maximum(found - found.max(axis=(1, 2), keepdims=True), FLOOR_DB), np.float32)


def load(model: str, load_encoder: Callable[[str], Encoder]) -> MelEncoder:
    """The encoder of a folder that `ltr encoder train --kind audio` made; `load_encoder` loads its text encoder."""
    from safetensors.torch import load_file

    from ltr_plugin.encoders.audio.mel_cnn_network import MelNetwork, MelShape

    folder = Path(model)
    require_files(folder, CONFIG, WEIGHTS)
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    network = MelNetwork(MelShape(**{**config["shape"], "channels": tuple(config["shape"]["channels"])}))
    network.load_state_dict(load_file(folder / WEIGHTS))
    return from_model(network, load_encoder(config["text"]), config["name"])


def from_model(network: "MelNetwork", text_encoder: Encoder, name: str) -> MelEncoder:
    """The encoder of a network in memory; `text_encoder` makes the vectors that its text tower starts from."""
    fingerprint = Fingerprint(
        library=NAME,
        model=name,
        revision="",
        dimension=network.shape.dimension,
        preprocessing=f"{PREPROCESSING}; text by {text_encoder.fingerprint.model} {text_encoder.fingerprint.digest}",
        weights=weights_hash(network.state_dict()),
    )
    return MelEncoder(network, text_encoder, fingerprint)


def write(folder: Path, network: "MelNetwork", text: str, name: str) -> None:
    """The files that `load` reads, into a folder; `text` is the specification of the text tower's encoder."""
    from safetensors.torch import save_file

    save_file({key: tensor.contiguous() for key, tensor in network.state_dict().items()}, folder / WEIGHTS)
    config = {"name": name, "text": text, "shape": asdict(network.shape)}
    (folder / CONFIG).write_text(json.dumps(config, indent=1) + "\n", "utf-8")


def library(load_encoder: Callable[[str], Encoder]) -> Library:
    """The library, whose encoders load their text encoder by `load_encoder`."""
    return Library(
        name=NAME,
        module="torch",
        modalities=("text", "audio", "video"),
        models="a folder made by `ltr encoder train --kind audio`",
        load=partial(load, load_encoder=load_encoder),
        example="runs/audio",
    )
