"""Audio and text encoders made by `ltr encoder train --kind audio`: a small network on log-mel spectrograms.

Audio, the soundtracks of videos, and text become float32 (n, dimension) in one space. `mel_cnn_network` has the network
and its sources.
"""

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
from ltr_plugin.encoders.encoder_folder import read_config, require_files
from ltr_plugin.encoders.protocol import Encoder, Library
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder, weights_hash

if TYPE_CHECKING:
    import torch

    from ltr_plugin.encoders.audio.mel_cnn_network import MelNetwork

NAME = "mel"
CONFIG, WEIGHTS = "mel_config.json", "mel_model.safetensors"

TEXT_KEY, SAVED_TEXT_KEY = "text_projection.", "words."
"""Prefix of the text projection's weights, in the network and in the file."""

WINDOW_FRAMES = 160
"""Length of a window: 3.2 s."""

MAX_WINDOWS = 12
AUDIBLE_DB = -30.0
"""A window that is never louder than this, relative to the loudest of the audio, is left out."""

_WINDOWS = f"{WINDOW_FRAMES} frames every {WINDOW_FRAMES // 2} that reach {AUDIBLE_DB:g} dB, at most {MAX_WINDOWS}"
PREPROCESSING = f"{DESCRIPTION}; {_WINDOWS}; as loudness"


class MelEncoder(TorchEncoder):
    """Encodes audio, the soundtracks of videos, and text with a trained network.

    The vector of audio is the mean direction of its windows' vectors.
    """

    model: "MelNetwork"

    def __init__(self, model: "MelNetwork", text_encoder: Encoder, fingerprint: Fingerprint) -> None:
        super().__init__(model, fingerprint, frozenset({"text", "audio", "video"}))
        self.text_encoder = text_encoder

    def prepare_spectrogram(self, spectrogram: Spectrogram) -> "torch.Tensor":
        """The result of `prepare` for audio, from its spectrogram: float32 (windows, WINDOW_FRAMES, MEL_BANDS) dB."""
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
    """float32 (n, WINDOW_FRAMES, MEL_BANDS): the windows that are loud enough, at most MAX_WINDOWS, spread evenly.

    Each window is relative to its own loudest band. Short audio is padded with silence on both sides.
    """
    missing = max(0, WINDOW_FRAMES - len(spectrogram))
    whole = np.pad(spectrogram, ((missing // 2, missing - missing // 2), (0, 0)), constant_values=FLOOR_DB)
    last = len(whole) - WINDOW_FRAMES
    starts = np.unique(np.linspace(0, last, 1 + -(-2 * last // WINDOW_FRAMES)).round().astype(int))
    loud = [start for start in starts if whole[start : start + WINDOW_FRAMES].max() > AUDIBLE_DB]
    chosen = [loud[index] for index in np.unique(np.linspace(0, len(loud) - 1, MAX_WINDOWS).round().astype(int))]
    windows = np.stack([whole[start : start + WINDOW_FRAMES] for start in chosen])
    return np.asarray(np.maximum(windows - windows.max(axis=(1, 2), keepdims=True), FLOOR_DB), np.float32)


def load(model: str, load_encoder: Callable[[str], Encoder]) -> MelEncoder:
    """The encoder of a folder that `ltr encoder train --kind audio` made; `load_encoder` loads its text encoder."""
    from safetensors.torch import load_file

    from ltr_plugin.encoders.audio.mel_cnn_network import MelNetwork, MelShape

    folder = Path(model)
    require_files(folder, CONFIG, WEIGHTS)
    config = read_config(folder, CONFIG)
    network = MelNetwork(MelShape(**{**config["shape"], "channels": tuple(config["shape"]["channels"])}))
    saved = load_file(folder / WEIGHTS)
    network.load_state_dict({_renamed(key, SAVED_TEXT_KEY, TEXT_KEY): tensor for key, tensor in saved.items()})
    return from_model(network, load_encoder(config["text"]), config["name"])


def text_of(model: str) -> str:
    """The specification of the text encoder of such a folder."""
    require_files(Path(model), CONFIG)
    return str(read_config(Path(model), CONFIG)["text"])


def from_model(network: "MelNetwork", text_encoder: Encoder, name: str) -> MelEncoder:
    """The encoder of a network in memory; `text_encoder` makes the vectors that the network projects."""
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
    """Writes the files that `load` reads into an existing folder; `text` is the specification of the text encoder."""
    from safetensors.torch import save_file

    tensors = network.state_dict().items()
    save_file(
        {_renamed(key, TEXT_KEY, SAVED_TEXT_KEY): tensor.contiguous() for key, tensor in tensors}, folder / WEIGHTS
    )
    config = {"name": name, "text": text, "shape": asdict(network.shape)}
    (folder / CONFIG).write_text(json.dumps(config, indent=1) + "\n", "utf-8")


def _renamed(key: str, old: str, new: str) -> str:
    return key.replace(old, new, 1) if key.startswith(old) else key


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
