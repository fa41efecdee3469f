"""Image encoders of timm (Wightman 2019, https://github.com/huggingface/pytorch-image-models): ResNet, VGG, ViT, more.

A photo's vector is what the network's classifier would see, pooled over the photo.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.encoder_folder import require_files
from ltr_plugin.encoders.protocol import Library
from ltr_plugin.encoders.runtime.image_batches import ImageBatcher
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder, weights_hash
from ltr_plugin.errors import EncoderError

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

CONFIG, WEIGHTS = "config.json", "model.safetensors"
"""A folder of an encoder, as timm writes it for a hub."""


class TimmEncoder(TorchEncoder):
    """Photos and videos into the feature space of one timm model."""

    def __init__(self, model: Any, wanted: dict[str, Any], fingerprint: Fingerprint) -> None:  # noqa: ANN401
        from timm.data.transforms_factory import create_transform

        super().__init__(model, fingerprint, frozenset({"image"}))
        self.image_batcher = ImageBatcher(create_transform(**wanted, is_training=False), self.device)

    def _prepare(self, modality: Modality, item: "Image") -> "torch.Tensor":  # noqa: ARG002 - photos are all there is
        """The photo as `ImageBatcher` prepares it."""
        return self.image_batcher.prepare(item)

    def _forward(self, modality: Modality, batch: "list[torch.Tensor]") -> "torch.Tensor":  # noqa: ARG002
        vectors: torch.Tensor = self.model(self.image_batcher.batch(batch))
        return vectors


def load(model: str) -> TimmEncoder:
    """The encoder of `NAME/PRETRAINED_TAG`, `hf-hub:ORG/NAME`, or a local folder with configuration and safetensors."""
    import timm
    import torch
    from timm.data.config import resolve_model_data_config

    # the classifier is loaded and then taken off: without one, timm would pass over weights that are absent
    loaded: Any = timm.create_model(_source(model), pretrained=True).eval()
    loaded.reset_classifier(0)
    wanted: dict[str, Any] = resolve_model_data_config(loaded)  # type: ignore[no-untyped-call]
    with torch.inference_mode():
        features = loaded(torch.zeros(1, *wanted["input_size"]))
    if features.ndim != 2:
        raise EncoderError(f"encoder 'timm:{model}' gives a map of {tuple(features.shape[1:])}, no one vector a photo")
    known = loaded.pretrained_cfg
    pool = getattr(loaded, "global_pool", "")
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=model if model.startswith("hf-hub:") else known["architecture"],
        revision=known.get("tag") or "",
        dimension=features.shape[1],
        preprocessing=json.dumps({**wanted, "pool": getattr(pool, "pool_type", pool)}, sort_keys=True, default=str),
        weights=weights_hash(loaded.state_dict()),
    )
    return TimmEncoder(loaded, wanted, fingerprint)


def _source(model: str) -> str:
    """The model's name, as timm writes it."""
    if Path(model).is_dir():
        require_files(Path(model), CONFIG, WEIGHTS)
        return f"local-dir:{model}"
    if model.startswith("hf-hub:"):
        return model
    name, _, tag = model.partition("/")
    if not tag:
        raise EncoderError(
            f"encoder 'timm:{model}' says no weights, and {model!r} is no folder: write timm:{model}/PRETRAINED_TAG, "
            f"such as timm:{LIBRARY.example}"
        )
    return f"{name}.{tag}"


LIBRARY = Library(
    name="timm",
    module="timm",
    modalities=("image", "video"),
    models="NAME/PRETRAINED_TAG, hf-hub:ORG/NAME, or a local folder with config.json and model.safetensors",
    load=load,
    example="resnet50/a1_in1k",
)
