"""Video encoders of torchvision for motion: R3D, MC3 and R(2+1)D (Tran et al. 2018, https://arxiv.org/abs/1711.11248).

A video's vector, float32 (n, dimension), is the input of the network's classifier for its clip: how things move, more
than what they are.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.encoder_folder import read_config, require_files
from ltr_plugin.encoders.protocol import Library
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder, weights_hash
from ltr_plugin.errors import EncoderSpecError, MediaError
from ltr_plugin.media.video import CLIP_FRAMES, CLIP_RATE_HZ, Video

if TYPE_CHECKING:
    import torch

ARCHITECTURES = ("r3d_18", "mc3_18", "r2plus1d_18")
CONFIG, WEIGHTS = "config.json", "model.safetensors"
"""Files of an encoder's folder: the network's "architecture", and weights by torchvision's names, with or without the
classifier."""


class MotionEncoder(TorchEncoder):
    """Encodes videos with one network."""

    def __init__(self, model: Any, transform: Any, fingerprint: Fingerprint) -> None:  # noqa: ANN401
        super().__init__(model, fingerprint, frozenset({"video"}))
        self.transform = transform

    def _prepare(self, modality: Modality, item: Video) -> "torch.Tensor":  # noqa: ARG002 - videos are its only modality
        """The clip as a normalised float32 tensor (3, CLIP_FRAMES, height, width); MediaError when it is incomplete."""
        import numpy as np
        import torch

        if len(item.clip) < CLIP_FRAMES:
            raise MediaError("damaged video: the clip in its middle cannot be decoded")
        clip = torch.from_numpy(np.stack([np.asarray(frame) for frame in item.clip]))
        tensor: torch.Tensor = self.transform(clip.permute(0, 3, 1, 2))
        return tensor

    def _forward(self, modality: Modality, batch: "list[torch.Tensor]") -> "torch.Tensor":  # noqa: ARG002
        import torch

        vectors: torch.Tensor = self.model(torch.stack(batch).to(self.device))
        return vectors


def load(model: str) -> MotionEncoder:
    """The encoder of `NAME/WEIGHTS` (torchvision's names), or of a local folder with safetensors weights.

    EncoderError when the architecture is not one of ARCHITECTURES, or has no weights.
    """
    import torch
    from torchvision.models import get_model, get_model_weights

    folder = Path(model)
    local = folder.is_dir()
    if local:
        require_files(folder, CONFIG, WEIGHTS)
        name, revision = read_config(folder, CONFIG).get("architecture"), ""
    else:
        name, _, revision = model.partition("/")
    if name not in ARCHITECTURES or not (local or revision):
        raise EncoderSpecError(
            f"encoder 'torchvision:{model}' is {name!r}{'' if local or revision else ' without weights'}; write one of "
            f"{', '.join(ARCHITECTURES)} with its weights, such as torchvision:{LIBRARY.example}, or a local folder"
        )
    available = get_model_weights(name)
    network: Any = get_model(name)
    dimension = network.fc.in_features
    network.fc = torch.nn.Identity()
    weights = _read(folder) if local else _fetch(available[revision])
    network.load_state_dict({key: value for key, value in weights.items() if not key.startswith("fc.")})
    transform = available.DEFAULT.transforms()
    return MotionEncoder(
        network,
        transform,
        Fingerprint(
            library=LIBRARY.name,
            model=name,
            revision=revision,
            dimension=dimension,
            preprocessing=f"{CLIP_FRAMES} frames at {CLIP_RATE_HZ} Hz; {' '.join(repr(transform).split())}",
            weights=weights_hash(network.state_dict()),
        ),
    )


def _read(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    weights: dict[str, Any] = load_file(folder / WEIGHTS)
    return weights


def _fetch(weights: Any) -> dict[str, Any]:  # noqa: ANN401 - torchvision has no types
    fetched: dict[str, Any] = weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
    return fetched


LIBRARY = Library(
    name="torchvision",
    module="torchvision",
    modalities=("video",),
    models=f"NAME/WEIGHTS of {', '.join(ARCHITECTURES)}, or a local folder with {CONFIG} and {WEIGHTS}",
    load=load,
    example="r2plus1d_18/KINETICS400_V1",
)
