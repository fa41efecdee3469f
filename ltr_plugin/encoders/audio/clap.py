"""CLAP encoders of transformers (Wu et al. 2023, https://arxiv.org/abs/2211.06687): audio, videos, text in one space.

Vectors are float32 (n, dimension).
"""

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
"""Windows of 10 s that CLAP gets of longer audio: the first, the middle and the last ones."""

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
"""Settings of a feature extractor that go into fingerprints; others differ between versions of the library."""

MIN_POWER = 1e-10
"""Floor of the power in a band, before the logarithm."""

MAX_TOKENS = 77
MAX_CHARACTERS_PER_TOKEN = 12


class ClapEncoder(TorchEncoder):
    """Encodes audio, the soundtracks of videos, and text with a CLAP model.

    The vector of audio is the mean direction of its windows' vectors. CLAP's own handling of long audio, random crops,
    would give the same audio another vector each time.
    """

    def __init__(self, model: Any, tokenizer: Any, extractor: Any, fingerprint: Fingerprint) -> None:  # noqa: ANN401
        super().__init__(model, fingerprint, frozenset({"text", "audio", "video"}))
        self._tokenizer, self._extractor = tokenizer, extractor

    def _prepare(self, modality: Modality, item: Any) -> "str | torch.Tensor":  # noqa: ANN401
        """Audio as float32 (windows, channels, frames, bands); a text unchanged, because `encode` makes its tokens."""
        import torch

        if modality == "text":
            return str(item[: MAX_TOKENS * MAX_CHARACTERS_PER_TOKEN])
        rate: int = self._extractor.sampling_rate
        samples = resample(audio_of(modality, item), rate).samples
        length: int = self._extractor.nb_max_samples
        count = min(MAX_WINDOWS, -(-len(samples) // length))
        starts = np.linspace(0, max(0, len(samples) - length), count).astype(int)
        windows = [samples[start : start + length] for start in starts]
        features = self._extractor(windows, sampling_rate=rate, return_tensors="np")["input_features"]
        return torch.from_numpy(np.asarray(features, np.float32))

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
        is_longer = torch.zeros(len(windows), 1, dtype=torch.bool, device=self.device)  # no window is longer than 10 s
        features = _tensor(self.model.get_audio_features(input_features=windows, is_longer=is_longer))
        vectors = normalize(features.float(), dim=-1)
        return torch.stack([part.mean(dim=0) for part in torch.split(vectors, [len(audio) for audio in batch])])


def load(model: str) -> ClapEncoder:
    """The encoder of a hub name (`NAME` or `NAME@REVISION`), or of a local folder; safetensors weights only."""
    from transformers import AutoTokenizer, ClapFeatureExtractor, ClapModel
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    name, _, revision = model.partition("@") if not Path(model).is_dir() else (model, "", "")
    options: dict[str, Any] = {"revision": revision} if revision else {}
    # the same weights, whichever dtype a version of the library loads them in
    loaded = ClapModel.from_pretrained(name, use_safetensors=True, **options).float()  # type: ignore[no-untyped-call]
    extractor = ClapFeatureExtractor.from_pretrained(name, **options)
    extractor._np_extract_fbank_features = partial(_log_mel, extractor)  # type: ignore[method-assign]
    settings = {name: getattr(extractor, name) for name in EXTRACTOR_SETTINGS}
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=Path(name).name if Path(name).is_dir() else name,
        revision=revision,
        dimension=int(loaded.config.projection_dim),
        preprocessing=json.dumps({**settings, "windows": MAX_WINDOWS, "tokens": MAX_TOKENS}, sort_keys=True),
        weights=weights_hash(loaded.state_dict()),
    )
    return ClapEncoder(loaded, AutoTokenizer.from_pretrained(name, **options), extractor, fingerprint)


def _log_mel(extractor: Any, samples: NDArray[Any], bands: NDArray[Any]) -> NDArray[np.float32]:  # noqa: ANN401
    """The extractor's log-mel spectrogram, float32 (frames, bands) decibels, by one transform of all frames.

    The extractor's own loop over frames takes ten times as long, and holds Python's lock, so threads do not help.
    """
    import torch

    size, hop = extractor.fft_window_size, extractor.hop_length
    audio, window = torch.from_numpy(np.asarray(samples, np.float32)), torch.hann_window(size)
    spectrum = torch.stft(audio, size, hop, window=window, center=True, pad_mode="reflect", return_complex=True)
    power = (spectrum.real.square() + spectrum.imag.square()).T @ torch.from_numpy(bands.astype(np.float32))
    return np.asarray(10 * power.clamp_min(MIN_POWER).log10(), np.float32)


def _tensor(features: Any) -> "torch.Tensor":  # noqa: ANN401
    """The vectors: transformers 4 returns a tensor, transformers 5 an object that holds it."""
    tensor: torch.Tensor = getattr(features, "pooler_output", features)
    return tensor


LIBRARY = Library(
    name="clap",
    module="transformers",
    modalities=("text", "audio", "video"),
    models="a hub name with safetensors weights, such as laion/clap-htsat-unfused@REVISION, or a local folder",
    load=load,
    example="laion/clap-htsat-unfused",
)
