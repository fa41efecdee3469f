"""A small image and text model of open_clip for training without pretrained weights, and its folder."""

import json
from pathlib import Path
from typing import Any

from ltr_plugin.encoders.encoder_folder import replace_encoder

DIMENSION = 128
CONTEXT_LENGTH = 32


def small_config(image_size: int) -> dict[str, Any]:
    """The configuration: timm's smallest ResNet (0.4 M weights) beside a two-layer text transformer.

    Convolutions learn from a few hundred photos in one or two minutes on a CPU; a vision transformer needs more.
    """
    return {
        "model_cfg": {
            "embed_dim": DIMENSION,
            "vision_cfg": {
                "image_size": image_size,
                "timm_model_name": "test_resnet",
                "timm_pool": "avg",
                "timm_proj": "linear",
            },
            "text_cfg": {"context_length": CONTEXT_LENGTH, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 2},
            "custom_text": True,
        },
        # squash: nothing of a product is cropped, and no pixel is padding
        "preprocess_cfg": {"resize_mode": "squash"},
    }


def build_model(config: dict[str, Any]) -> Any:  # noqa: ANN401 - an open_clip model
    """A model with random weights."""
    import copy

    from open_clip.model import CLIP, CustomTextCLIP, set_model_preprocess_cfg
    from open_clip.transform import PreprocessCfg

    shape = copy.deepcopy(config["model_cfg"])
    model = (CustomTextCLIP if shape.pop("custom_text", False) else CLIP)(**shape)
    set_model_preprocess_cfg(model, {**vars(PreprocessCfg(size=model.visual.image_size)), **config["preprocess_cfg"]})
    return model


def save_encoder(
    folder: Path,
    model: Any,  # noqa: ANN401
    config: dict[str, Any],
    card: dict[str, Any],
    tokenizer: Any = None,  # noqa: ANN401
) -> None:
    """Writes an encoder's folder with configuration, safetensors weights and `card`, or replaces an older encoder.

    A `tokenizer` other than CLIP's own is saved with them.
    """
    from safetensors.torch import save_file

    from ltr_plugin.encoders.openclip import CONFIG, WEIGHTS

    with replace_encoder(folder, card) as partial:
        save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, partial / WEIGHTS)
        (partial / CONFIG).write_text(json.dumps(config, indent=1) + "\n", "utf-8")
        if hasattr(tokenizer, "save_pretrained"):
            tokenizer.save_pretrained(partial)
