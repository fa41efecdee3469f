"""An encoder's towers as ONNX graphs in a folder, with the settings for preparing items."""

import contextlib
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.export import Dim
from torch.func import functional_call
from torch.nn.functional import normalize

from ltr_plugin.encoders import aligned, openclip
from ltr_plugin.encoders.aligned import AlignedEncoder, Projection
from ltr_plugin.encoders.onnx_runtime import CONFIG, GRAPH_FILES, TOKENIZER_FILE
from ltr_plugin.encoders.openclip import OpenClipEncoder
from ltr_plugin.encoders.product_vectors import write_product_vectors
from ltr_plugin.encoders.protocol import Encoder
from ltr_plugin.encoders.registry import load_full_precision
from ltr_plugin.encoders.sentence_transformer import SentenceEncoder
from ltr_plugin.encoders.timm_images import TimmEncoder
from ltr_plugin.errors import EncoderError

EXAMPLES = ["a red mug", "a large blue teapot with white stars and a wooden handle"]

MAX_INLINE_BYTES = 1_900_000_000
"""Larger weights are stored beside the graph: an ONNX file holds at most 2 GB."""

QUANTIZED_OPS = ["MatMul", "Gemm", "Gather"]
"""Not convolutions, which ONNX Runtime runs several times slower when they are quantized dynamically."""


def write_graphs(encoder: Encoder, model: str, folder: Path, name: str) -> None:
    """Writes the encoder of `model` (the specification after the colon) into an existing folder.

    EncoderError when its library cannot be exported, or when its tokenizer cannot be saved.
    """
    facts = {"name": name, "dimension": encoder.fingerprint.dimension}
    with _silenced(), torch.inference_mode(False), torch.no_grad():
        if isinstance(encoder, OpenClipEncoder):
            towers = {"image": _write_image_tower(encoder, folder), "text": _write_text_tower(encoder, model, folder)}
        elif isinstance(encoder, AlignedEncoder):
            files = aligned.read(Path(model))
            towers = _tower(load_full_precision(files.photo), folder, files.aligned.photo)
            towers |= _tower(load_full_precision(files.text), folder, files.aligned.text)
            write_product_vectors(folder, files.aligned.products)
        else:
            towers = _tower(encoder, folder)
    (folder / CONFIG).write_text(json.dumps({**facts, **towers}, indent=1) + "\n", "utf-8")


def quantize(folder: Path) -> None:
    """Quantizes the graphs' weights to int8 with one scale for each channel; activations are quantized dynamically.

    The configuration records it, because dynamic scales make an item's vector depend on its batch.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]

    with _silenced():
        for path in filter(Path.is_file, (folder / file for file in GRAPH_FILES.values())):
            graph = onnx.load(path)
            del graph.graph.value_info[:]  # inferred shapes, which quantization makes invalid
            files = list(folder.glob(f"{path.name}*"))
            large = sum(file.stat().st_size for file in files) > MAX_INLINE_BYTES
            for file in files:
                file.unlink()
            # reduced to 7 bits, because sums of 8 bits overflow on older CPUs, which would give other vectors
            quantize_dynamic(
                graph,
                path,
                per_channel=True,
                reduce_range=True,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=QUANTIZED_OPS,
                use_external_data_format=large,
            )
    facts = json.loads((folder / CONFIG).read_text("utf-8"))
    (folder / CONFIG).write_text(json.dumps({**facts, "quantized": "int8"}, indent=1) + "\n", "utf-8")


def _tower(encoder: Encoder, folder: Path, projection: Projection | None = None) -> dict[str, dict[str, Any]]:
    """Writes the graph of an encoder of one modality, with a projection behind it; its settings, by modality."""
    if isinstance(encoder, SentenceEncoder):
        return {"text": _sentence(encoder, folder, projection)}
    if isinstance(encoder, TimmEncoder):
        pixels = {"pixels": torch.zeros(2, *encoder.data_config["input_size"])}
        _write(_projected(_Tower(encoder.model, "forward"), projection), pixels, folder / GRAPH_FILES["image"])
        return {"image": encoder.data_config}
    raise EncoderError(f"encoders of {encoder.fingerprint.library} cannot be exported")  # see `check_exportable`


def _projected(tower: nn.Module, projection: Projection | None) -> nn.Module:
    return _Projected(tower, projection) if projection else tower


def _sentence(encoder: SentenceEncoder, folder: Path, projection: Projection | None) -> dict[str, Any]:
    tokens = {name: value for name, value in encoder.model.preprocess(EXAMPLES).items() if torch.is_tensor(value)}
    tokenizer = encoder.model.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        raise EncoderError(
            f"{encoder.fingerprint.model!r} has a tokenizer without {TOKENIZER_FILE}, so it cannot be exported"
        )
    tokenizer.backend_tokenizer.save(str(folder / TOKENIZER_FILE))
    length = int(encoder.model.max_seq_length or tokenizer.model_max_length)
    tower = _projected(_Sentence(encoder.model, list(tokens)), projection)
    _write(tower, tokens, folder / GRAPH_FILES["text"], length)
    return {"inputs": list(tokens), "length": length, "padding": tokenizer.pad_token_id}


def _write_image_tower(encoder: OpenClipEncoder, folder: Path) -> dict[str, Any]:
    settings: dict[str, Any] = vars(openclip.preprocessing(encoder.model))
    height, width = settings["size"]
    _write(
        _Tower(encoder.model, "encode_image"),
        {"pixels": torch.zeros(2, 3, height, width)},
        folder / GRAPH_FILES["image"],
    )
    return settings


def _write_text_tower(encoder: OpenClipEncoder, model: str, folder: Path) -> dict[str, Any]:
    import open_clip

    config = openclip.model_config(model)
    (folder / openclip.CONFIG).write_text(json.dumps({"model_cfg": {"text_cfg": config["text_cfg"]}}) + "\n", "utf-8")
    if hasattr(encoder.tokenizer, "save_pretrained"):
        encoder.tokenizer.save_pretrained(folder)
    tokens = encoder.tokenizer(EXAMPLES)
    if not torch.equal(open_clip.get_tokenizer(f"local-dir:{folder}")(EXAMPLES), tokens):
        raise EncoderError(f"{encoder.fingerprint.model!r} has a tokenizer that cannot be saved in a folder")
    with openclip.trim_padding(encoder.model, tokens) as trimmed:
        any_length = trimmed.shape[1] < tokens.shape[1]
    context = tokens.shape[1]
    if any_length:
        _write(_AnyLength(encoder.model), {"tokens": trimmed}, folder / GRAPH_FILES["text"], context)
    else:
        _write(_Tower(encoder.model, "encode_text"), {"tokens": tokens}, folder / GRAPH_FILES["text"])
    return {"context": context, "any_length": any_length}


def _write(tower: nn.Module, inputs: dict[str, torch.Tensor], path: Path, length: int = 0) -> None:
    """Exports a tower for any number of items, and of tokens up to `length` if that is given."""
    shape = {0: Dim("items")} | ({1: Dim("tokens", max=length)} if length else {})
    weights = sum(weight.numel() * weight.element_size() for weight in tower.parameters())
    device = next(tower.parameters()).device
    torch.onnx.export(
        tower.eval(),
        tuple(value.to(device) for value in inputs.values()),
        path,
        input_names=list(inputs),
        output_names=["vectors"],
        dynamic_shapes=((shape,) * len(inputs),),
        external_data=weights > MAX_INLINE_BYTES,
        dynamo=True,
        verbose=False,
    )


class _Sentence(nn.Module):
    def __init__(self, model: nn.Module, inputs: list[str]) -> None:
        super().__init__()
        self.model, self.inputs = model, inputs

    def forward(self, *tokens: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.model(dict(zip(self.inputs, tokens, strict=True)))["sentence_embedding"]
        return vectors


class _Tower(nn.Module):
    """A model as the method that encodes one modality."""

    def __init__(self, model: Any, method: str) -> None:  # noqa: ANN401
        super().__init__()
        self.model, self.method = model, method

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = getattr(self.model, self.method)(*inputs)
        return vectors


class _Projected(nn.Module):
    """A tower's unit vectors in the space of a projection."""

    def __init__(self, tower: nn.Module, projection: Projection) -> None:
        super().__init__()
        self.tower = tower
        self.linear = nn.Linear(*reversed(projection.weight.shape))
        self.linear.weight.copy_(torch.from_numpy(projection.weight))
        self.linear.bias.copy_(torch.from_numpy(projection.bias))

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.linear(normalize(self.tower(*inputs), dim=-1))
        return vectors


class _AnyLength(nn.Module):
    """`openclip.trim_padding` inside the graph: mask and positions are cut to the number of tokens."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.text_tower = _Tower(model, "encode_text")

    def forward(self, *tokens: torch.Tensor) -> torch.Tensor:
        length = tokens[0].shape[1]
        tower = getattr(self.text_tower.model, "text", self.text_tower.model)
        prefix = "model." if tower is self.text_tower.model else "model.text."
        cut = {
            f"{prefix}attn_mask": tower.attn_mask[:length, :length],
            f"{prefix}positional_embedding": tower.positional_embedding[:length],
        }
        vectors: torch.Tensor = functional_call(self.text_tower, cut, tokens)
        return vectors


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Silences the exporter, which warns about its own internals."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(level)
