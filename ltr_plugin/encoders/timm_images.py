"""Image encoders of timm (Wightman 2019, https://github.com/huggingface/pytorch-image-models): ResNet, VGG, ViT, more.

A photo's vector, float32 (n, dimension), is the pooled input of the network's classifier.
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
"""Files of an encoder's folder, as timm writes it for a hub."""


class TimmEncoder(TorchEncoder):
    """Encodes photos and videos with one timm model."""

    def __init__(self, model: Any, data_config: dict[str, Any], fingerprint: Fingerprint) -> None:  # noqa: ANN401
        from timm.data.transforms_factory import create_transform

        super().__init__(model, fingerprint, frozenset({"image"}))
        self.image_batcher = ImageBatcher(create_transform(**data_config, is_training=False), self.device)

    def _prepare(self, modality: Modality, item: "Image") -> "torch.Tensor":  # noqa: ARG002 - photos are its only modality
        """The photo as `ImageBatcher` prepares it."""
        return self.image_batcher.prepare(item)

    def _forward(self, modality: Modality, batch: "list[torch.Tensor]") -> "torch.Tensor":  # noqa: ARG002
        vectors: torch.Tensor = self.model(self.image_batcher.batch(batch))
        return vectors


def load(model: str) -> TimmEncoder:
    """The encoder of `NAME/PRETRAINED_TAG`, `hf-hub:ORG/NAME`, or a local folder with configuration and safetensors.

    EncoderError when the name has no weights, or the network does not give one vector for each photo.
    """
    import timm
    import torch
    from timm.data.config import resolve_model_data_config

    # loaded with its classifier, which is then removed: without one, timm would not report missing weights
    loaded: Any = timm.create_model(_source(model), pretrained=True).eval()
    loaded.reset_classifier(0)
    data_config: dict[str, Any] = resolve_model_data_config(loaded)  # type: ignore[no-untyped-call]
    with torch.inference_mode():
        features = loaded(torch.zeros(1, *data_config["input_size"]))
    if features.ndim != 2:
        shape = tuple(features.shape[1:])
        raise EncoderError(f"encoder 'timm:{model}' gives a map {shape} for each photo, not a vector; choose another")
    pretrained = loaded.pretrained_cfg
    pool = getattr(loaded, "global_pool", "")
    pool_type = getattr(pool, "pool_type", pool)
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=model if model.startswith("hf-hub:") else pretrained["architecture"],
        revision=pretrained.get("tag") or "",
        dimension=features.shape[1],
        preprocessing=json.dumps({**data_config, "pool": pool_type}, sort_keys=True, default=str),
        weights=weights_hash(loaded.state_dict()),
    )
    return TimmEncoder(loaded, data_config, fingerprint)


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
            f"encoder 'timm:{model}' names no weights, and {model!r} is no folder: write timm:{model}/PRETRAINED_TAG, "
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
