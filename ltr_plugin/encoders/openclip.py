"""Encoders of open_clip (https://github.com/mlfoundations/open_clip): photos, videos and text in one space.

CLIP is by Radford et al. 2021, https://arxiv.org/abs/2103.00020. Vectors are float32 (n, dimension).
"""

import contextlib
import difflib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.encoder_folder import encoder_name, require_files
from ltr_plugin.encoders.protocol import Library
from ltr_plugin.encoders.runtime.image_batches import ImageBatcher
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder, weights_hash
from ltr_plugin.errors import EncoderSpecError

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

CONFIG, WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"
"""Files of an encoder's folder, as open_clip writes it for a hub."""


class OpenClipEncoder(TorchEncoder):
    """Encodes photos, videos and text with one open_clip model."""

    def __init__(self, model: Any, tokenizer: Any, fingerprint: Fingerprint) -> None:  # noqa: ANN401
        from open_clip.transform import image_transform_v2

        super().__init__(model, fingerprint, frozenset({"image", "text"}))
        self.image_batcher = ImageBatcher(image_transform_v2(preprocessing(model), is_train=False), self.device)
        self.tokenizer = tokenizer

    def _prepare(self, modality: Modality, item: "str | Image") -> "str | torch.Tensor":  # noqa: ARG002 - the item's type tells
        """A photo as `ImageBatcher` prepares it; a text unchanged, because `encode` makes its tokens."""
        return item if isinstance(item, str) else self.image_batcher.prepare(item)

    def _tokens(self, texts: Sequence[str]) -> list[Any]:
        with self.tokenizer_lock:
            return list(self.tokenizer(list(texts)))

    def _length(self, item: "torch.Tensor") -> int:
        return token_length(item[None]) if item.ndim == 1 else super()._length(item)

    def _towers(self) -> "list[torch.nn.Module]":
        return [self.model.visual]  # `trim_padding` changes the text tower for each batch

    def _keep_float32(self) -> "list[torch.nn.Module]":
        """The layer whose dtype open_clip's text tower uses for its sums."""
        blocks = getattr(getattr(_text_tower(self.model), "transformer", None), "resblocks", None)
        return [blocks[0].mlp.c_fc] if blocks else []

    def _streams(self, modality: Modality) -> int:
        return 1 if modality == "text" else super()._streams(modality)  # `trim_padding` is not thread-safe

    def _forward(self, modality: Modality, batch: Sequence[Any]) -> "torch.Tensor":
        import torch

        vectors: torch.Tensor
        if modality == "image":
            vectors = self.model.encode_image(self.image_batcher.batch(batch))
            return vectors
        with trim_padding(self.model, torch.stack(list(batch))) as trimmed:
            vectors = self.model.encode_text(trimmed.to(self.device))
        return vectors


@contextlib.contextmanager
def trim_padding(model: Any, tokens: "torch.Tensor") -> "Iterator[torch.Tensor]":  # noqa: ANN401
    """The tokens without the columns that are padding in every row; in the block, the text tower is cut to match.

    A causal tower that takes its vector from the end-of-text token gives the same vectors, several times faster: a
    title fills a fifth of CLIP's 77 columns. Other towers get all columns.
    """
    import torch

    tower = _text_tower(model)
    mask: Any = getattr(tower, "attn_mask", None)
    pooled = getattr(tower, "pool_type", getattr(tower, "text_pool_type", None))
    causal = mask is not None and pooled in ("argmax", "eos") and getattr(tower, "cls_emb", None) is None
    original = tower is model  # the first layout of CLIP adds all positions; the later one cuts them itself
    if not causal or (original and torch.is_grad_enabled()):
        yield tokens
        return
    length = token_length(tokens)
    positions, all_positions = tower.positional_embedding, tower.positional_embedding.data
    tower.attn_mask = mask[:length, :length]
    if original:
        positions.data = all_positions[:length]
    try:
        yield tokens[:, :length]
    finally:
        tower.attn_mask, positions.data = mask, all_positions


def token_length(tokens: "torch.Tensor") -> int:
    """Number of columns up to the last one that is not padding in every row of (n, context) tokens."""
    return int(tokens.ne(0).any(dim=0).nonzero().max()) + 1  # not a count: 0 is also the id of an exclamation mark


def load(model: str) -> OpenClipEncoder:
    """The encoder of `ARCHITECTURE/PRETRAINED`, `hf-hub:ORG/NAME`, or a folder that `ltr encoder train` made.

    EncoderError when the name has no weights, or the folder lacks a file.
    """
    import open_clip

    name, pretrained, known_as, revision = model, None, model, ""
    if Path(model).is_dir():
        require_files(Path(model), CONFIG, WEIGHTS)
        name, known_as = f"local-dir:{model}", encoder_name(Path(model))
    elif not model.startswith("hf-hub:"):
        name, _, pretrained = model.partition("/")
        known_as, revision = name, pretrained
        if not pretrained:
            raise EncoderSpecError(
                f"encoder 'open_clip:{model}' names no weights, and {model!r} is no folder: write "
                f"open_clip:{model}/PRETRAINED, such as open_clip:{LIBRARY.example}"
            )
        _require_known(name, pretrained)
    loaded = open_clip.create_model(
        name,
        pretrained=pretrained or None,
        pretrained_text=False,
        require_pretrained=True,
        force_quick_gelu=_quick_gelu(model),
    )
    return from_model(loaded, open_clip.get_tokenizer(name), name=known_as, revision=revision)


def _require_known(name: str, pretrained: str) -> None:
    """EncoderError names the closest of the many models and weights when open_clip has none of these names."""
    import open_clip
    from open_clip.pretrained import get_pretrained_cfg

    if name not in (models := open_clip.list_models()):
        raise EncoderSpecError(f"open_clip has no model {name!r}; the closest are {_closest(name, models)}")
    if not get_pretrained_cfg(name, pretrained) and not Path(pretrained).is_file():
        known = open_clip.list_pretrained_tags_by_model(name)
        raise EncoderSpecError(
            f"open_clip has no weights {pretrained!r} of model {name!r}; the closest are {_closest(pretrained, known)}"
        )


def _closest(name: str, known: Sequence[str]) -> str:
    by_lower_case = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.lower(), by_lower_case, n=3, cutoff=0)
    return ", ".join(by_lower_case[one] for one in close) or "none"


def from_model(model: Any, tokenizer: Any, *, name: str, revision: str = "") -> OpenClipEncoder:  # noqa: ANN401
    """The encoder of a model in memory."""
    from open_clip.transformer import QuickGELU

    transform = preprocessing(model)
    quick = any(isinstance(module, QuickGELU) for module in model.modules())
    activation = {"quick_gelu": True} if quick else {}
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=name,
        revision=revision,
        dimension=_dimension(model, tokenizer),
        preprocessing=json.dumps({**vars(transform), "tokens": tokenizer.context_length, **activation}, sort_keys=True),
        weights=weights_hash(model.state_dict()),
    )
    return OpenClipEncoder(model, tokenizer, fingerprint)


def model_config(model: str) -> dict[str, Any]:
    """open_clip's configuration of a model that `load` takes: sizes of its towers, activation, tokenizer."""
    import open_clip

    local, hub = Path(model).is_dir(), model.startswith("hf-hub:")
    name = f"local-dir:{model}" if local else model if hub else model.partition("/")[0]
    config: dict[str, Any] = open_clip.get_model_config(name)
    return {**config, "quick_gelu": True} if _quick_gelu(model) else config


def _quick_gelu(model: str) -> bool:
    """Whether these weights need OpenAI's activation, which the architecture's configuration does not say."""
    from open_clip.pretrained import get_pretrained_cfg

    name, _, pretrained = model.partition("/")
    return bool(get_pretrained_cfg(name, pretrained).get("quick_gelu"))


def preprocessing(model: Any) -> Any:  # noqa: ANN401
    """The model's image preprocessing, open_clip's `PreprocessCfg`."""
    from open_clip.transform import PreprocessCfg
    from open_clip.utils import to_2tuple

    settings = model.visual.preprocess_cfg
    return PreprocessCfg(**{**settings, "size": to_2tuple(settings["size"])})  # ResNets have one number


def _text_tower(model: Any) -> Any:  # noqa: ANN401
    return getattr(model, "text", model)


def _dimension(model: Any, tokenizer: Any) -> int:  # noqa: ANN401
    import torch

    with torch.inference_mode():
        return int(model.eval().encode_text(tokenizer(["a"])).shape[-1])


LIBRARY = Library(
    name="open_clip",
    module="open_clip",
    modalities=("image", "video", "text"),
    models="ARCHITECTURE/PRETRAINED, hf-hub:ORG/NAME, or a folder made by `ltr encoder train`",
    load=load,
    example="ViT-B-32/laion2b_s34b_b79k",
)
