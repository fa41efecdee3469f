"""Sound and text encoders of CLAP (Wu et al. 2023, https://arxiv.org/abs/2211.06687), one space for both."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.audio.log_mel import audio_of
from ltr_plugin.encoders.protocol import Library
from ltr_plugin.encoders.runtime.token_padding import pad_tokens, split_tokens
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder, weights_hash
from ltr_plugin.media.audio import resample

if TYPE_CHECKING:
    import torch

MAX_WINDOWS = 3
"""CLAP hears ten seconds at a time: of a longer sound the first, the last and the middle ones."""

EXTRACTOR_SETTINGS = (
    "sampling_rate",
    "fft_window_size",
    "hop_length",
    "max_length_s",
    "feature_size",
    "frequency_min",
    "frequency_max",
    "padding",
    "truncation",
)
"""What an extractor does to a sound, for fingerprints; its other settings differ between versions of the library."""

MIN_POWER = 1e-10
"""What is quieter counts as this."""

MAX_TOKENS = 77
MAX_CHARACTERS_PER_TOKEN = 12


class ClapEncoder(TorchEncoder):
    """Sounds, sound tracks of videos, and text into a CLAP model's space.

    A sound's vector is the mean direction of its windows' vectors. CLAP's own way with long sounds, random crops, would
    give the same sound another vector each time.
    """

    def __init__(self, model: Any, tokenizer: Any, extractor: Any, fingerprint: Fingerprint) -> None:  # noqa: ANN401
        super().__init__(model, fingerprint, frozenset({"text", "audio", "video"}))
        self._tokenizer, self._extractor = tokenizer, extractor

    def _prepare(self, modality: Modality, item: Any) -> "str | torch.Tensor":  # noqa: ANN401
        """A sound as float32 (windows, channels, frames, bands); a text as it is, its tokens are made in `encode`."""
        import torch

        if modality == "text":
            return str(item[: MAX_TOKENS * MAX_CHARACTERS_PER_TOKEN])
        rate: int = self._extractor.sampling_rate
        samples = resample(audio_of(modality, item), rate).samples
        length: int = self._extractor.nb_max_samples
        count = min(MAX_WINDOWS, -(-len(samples) // length))
        starts = np.linspace(0, max(0, len(samples) - length), count).astype(int)
        windows = [samples[start : start + length] for start in starts]
        heard = self._extractor(windows, sampling_rate=rate, return_tensors="np")["input_features"]
        return torch.from_numpy(np.asarray(heard, np.float32))

    def _tokens(self, texts: Sequence[str]) -> list[Any]:
        with self.tokenizer_lock:
            tokenized = self._tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)
        return split_tokens(tokenized, self._tokenizer, MAX_TOKENS)

    def _towers(self) -> "list[torch.nn.Module]":
        return [self.model.audio_model, self.model.text_model]

    def _forward(self, modality: Modality, batch: Sequence[Any]) -> "torch.Tensor":
        import torch
        from torch.nn.functional import normalize

        if modality == "text":
            tokens = {name: value.to(self.device) for name, value in pad_tokens(batch).items()}
            return _tensor(self.model.get_text_features(**tokens))
        windows = torch.cat(list(batch)).to(self.device)
        short = torch.zeros(len(windows), 1, dtype=torch.bool, device=self.device)  # none of them is cut any more
        heard = normalize(
            _tensor(self.model.get_audio_features(input_features=windows, is_longer=short)).float(), dim=-1
        )
        return torch.stack([part.mean(dim=0) for part in torch.split(heard, [len(audio) for audio in batch])])


def load(model: str) -> ClapEncoder:
    """The encoder of a hub name (`NAME` or `NAME@REVISION`), or of a local folder; safetensors weights only."""
    from transformers import AutoTokenizer, ClapFeatureExtractor, ClapModel
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    name, _, revision = model.partition("@") if not Path(model).is_dir() else (model, "", "")
    wanted: dict[str, Any] = {"revision": revision} if revision else {}
    # exact, and the same whichever type a version of the library loads weights in
    loaded = ClapModel.from_pretrained(name, use_safetensors=True, **wanted).float()  # type: ignore[no-untyped-call]
    extractor = ClapFeatureExtractor.from_pretrained(name, **wanted)
    extractor._np_extract_fbank_features = partial(_log_mel, extractor)  # type: ignore[method-assign]
    heard = {name: getattr(extractor, name) for name in EXTRACTOR_SETTINGS}
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=Path(name).name if Path(name).is_dir() else name,
        revision=revision,
        dimension=int(loaded.config.projection_dim),
        preprocessing=json.dumps({**heard, "windows": MAX_WINDOWS, "tokens": MAX_TOKENS}, sort_keys=True),
        weights=weights_hash(loaded.state_dict()),
    )
    return ClapEncoder(loaded, AutoTokenizer.from_pretrained(name, **wanted), extractor, fingerprint)


def _log_mel(extractor: Any, samples: NDArray[Any], bands: NDArray[Any]) -> NDArray[np.float32]:  # noqa: ANN401
    """What the extractor makes of a sound, (frames, bands) decibels, by one transform of all frames at once.

    Its own loop over frames takes ten times as long, and holds Python's lock, so that threads would not help.
    """
    import torch

    size, hop = extractor.fft_window_size, extractor.hop_length
    audio, window = torch.from_numpy(np.asarray(samples, np.float32)), torch.hann_window(size)
    spectrum = torch.stft(audio, size, hop, window=window, center=True, pad_mode="reflect", return_complex=True)
    power = (spectrum.real.square() + spectrum.imag.square()).T @ torch.from_numpy(bands.astype(np.float32))
    return np.asarray(10 * power.clamp_min(MIN_POWER).log10(), np.float32)


def _tensor(features: Any) -> "torch.Tensor":  # noqa: ANN401
    """The vectors themselves: transformers 4 gives a tensor, 5 an object that holds them."""
    found: torch.Tensor = getattr(features, "pooler_output", features)
    return found


LIBRARY = Library(
    name="clap",
    module="transformers",
    modalities=("text", "audio", "video"),
    models="a hub name with safetensors weights, such as laion/clap-htsat-unfused@REVISION, or a local folder",
    load=load,
    example="laion/clap-htsat-unfused",
)
