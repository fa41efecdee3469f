"""Encoders made by `ltr encoder export`, run by ONNX Runtime (https://onnxruntime.ai) without a torch model in memory.

Text, images and videos (by their frames) become float32 (n, dimension).
"""

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.encoder_folder import read_config, require_files
from ltr_plugin.encoders.product_vectors import read_product_vectors
from ltr_plugin.encoders.protocol import Library, Vectors
from ltr_plugin.encoders.runtime.batched_encoder import BatchedEncoder
from ltr_plugin.encoders.runtime.cores import cores
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    import onnxruntime  # type: ignore[import-untyped]
    import tokenizers

CONFIG = "onnx.json"
GRAPH_FILES: dict[Modality, str] = {"text": "text.onnx", "image": "image.onnx"}
"""Each tower's file. Weights above the size limit of a graph lie in a file beside it."""

TOKENIZER_FILE = "tokenizer.json"

CPU_PROVIDER = "CPUExecutionProvider"
"""ONNX Runtime's name for the CPU."""


class OnnxEncoder(BatchedEncoder):
    """Encodes text, photos, or both.

    `prepares[modality]` prepares one item, and `feeds[modality]` makes the inputs of `sessions[modality]` of a batch of
    prepared items. If the graphs are `quantized`, each item is run alone.
    """

    def __init__(
        self,
        sessions: dict[Modality, "onnxruntime.InferenceSession"],
        prepares: dict[Modality, Callable[[Any], Any]],
        feeds: dict[Modality, Callable[[list[Any]], dict[str, NDArray[Any]]]],
        fingerprint: Fingerprint,
        *,
        quantized: bool,
    ) -> None:
        self._sessions, self._prepares, self._feeds = sessions, prepares, feeds
        self._quantized = quantized
        self.product_vectors: Mapping[str, NDArray[np.float32]] = {}
        super().__init__(fingerprint, frozenset(sessions), batch_size=32)

    def _prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401
        return self._prepares[modality](item)

    def _vectors(self, modality: Modality, batch: list[Any]) -> Vectors:
        # 8-bit activations have one scale for a whole batch: an item's vector must not depend on its neighbours
        parts = [[item] for item in batch] if self._quantized else [batch]
        vectors = np.concatenate([self._sessions[modality].run(None, self._feeds[modality](part))[0] for part in parts])
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
        return unit

    def _streams(self, modality: Modality) -> int:
        """One for each core if libraries have one thread each, as in a worker; else one."""
        gpu = self._sessions[modality].get_providers()[0] != CPU_PROVIDER
        return 1 if gpu or _threads() != 1 else cores()

    def _out_of_memory(self, error: Exception) -> bool:
        return super()._out_of_memory(error) or "allocate" in str(error)


def load(model: str) -> OnnxEncoder:
    """The encoder in a folder that `ltr encoder export` made; EncoderError when a file is missing."""
    folder = Path(model)
    require_files(folder, CONFIG)
    config = read_config(folder, CONFIG)
    modalities: list[Modality] = [modality for modality in GRAPH_FILES if modality in config]
    require_files(folder, *(GRAPH_FILES[modality] for modality in modalities))
    sessions = {modality: _session(folder / GRAPH_FILES[modality]) for modality in modalities}
    prepares: dict[Modality, Callable[[Any], Any]] = {}
    feeds: dict[Modality, Callable[[list[Any]], dict[str, NDArray[Any]]]] = {}
    if "text" in config:
        tokens = (
            _ClipTokens(folder, **config["text"]) if "context" in config["text"] else _Tokens(folder, **config["text"])
        )
        prepares["text"], feeds["text"] = tokens.ids, tokens.feed
    if "image" in config:
        prepares["image"], feeds["image"] = _transform(config["image"]), _pixels
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=config["name"],
        revision="",
        dimension=config["dimension"],
        preprocessing=json.dumps({modality: config[modality] for modality in modalities}, sort_keys=True),
        weights=_content_hash(folder),
    )
    encoder = OnnxEncoder(sessions, prepares, feeds, fingerprint, quantized="quantized" in config)
    encoder.product_vectors = read_product_vectors(folder, config["dimension"])
    return encoder


class _Tokens:
    """Tokens as of sentence-transformers: truncated to `length`, padded to the longest of a batch, with a mask."""

    def __init__(self, folder: Path, *, inputs: list[str], length: int, padding: int) -> None:
        from tokenizers import Tokenizer

        require_files(folder, TOKENIZER_FILE)
        self._tokenizer: tokenizers.Tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(length)
        self._inputs, self._padding = inputs, padding

    def ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text.strip()).ids)

    def feed(self, batch: list[list[int]]) -> dict[str, NDArray[Any]]:
        mask = np.zeros((len(batch), max(map(len, batch))), np.int64)
        for row, ids in enumerate(batch):
            mask[row, : len(ids)] = 1
        known: dict[str, NDArray[Any]] = {
            "input_ids": np.where(mask, _padded(batch), self._padding),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        return {name: known[name] for name in self._inputs}


class _ClipTokens:
    """Tokens as open_clip makes them: `context` of them, or without padding if the graph takes `any_length`."""

    def __init__(self, folder: Path, *, context: int, any_length: bool) -> None:
        import open_clip

        self._tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
        self._context, self._any_length = context, any_length
        self._lock = threading.Lock()  # some tokenizers are not thread-safe

    def ids(self, text: str) -> list[int]:
        with self._lock:
            (row,) = self._tokenizer([text], self._context).tolist()
        length = int(np.flatnonzero(row)[-1]) + 1 if self._any_length else len(row)
        return list(row[:length])

    def feed(self, batch: list[list[int]]) -> dict[str, NDArray[Any]]:
        return {"tokens": _padded(batch)}


def _padded(batch: Sequence[list[int]]) -> NDArray[np.int64]:
    padded = np.zeros((len(batch), max(map(len, batch))), np.int64)
    for row, ids in enumerate(batch):
        padded[row, : len(ids)] = ids
    return padded


def _transform(settings: dict[str, Any]) -> Callable[[Any], NDArray[np.float32]]:
    """The preparation of photos by these settings: of timm, whose have a `crop_pct`, or of open_clip."""
    if "crop_pct" in settings:
        from timm.data.transforms_factory import create_transform

        transform: Any = create_transform(**settings, is_training=False)
    else:
        from open_clip.transform import PreprocessCfg, image_transform_v2

        transform = image_transform_v2(PreprocessCfg(**settings), is_train=False)
    return lambda photo: transform(photo).numpy()


def _pixels(batch: list[NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
    return {"pixels": np.stack(batch)}


def _session(path: Path) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads()
    options.log_severity_level = 3
    available = onnxruntime.get_available_providers()
    providers = [name for name in ("CUDAExecutionProvider", CPU_PROVIDER) if name in available]
    return onnxruntime.InferenceSession(str(path), options, providers=providers)


def _threads() -> int:
    """Threads that work on one batch; 0: as many as there are cores."""
    return Settings.from_env().omp_num_threads or 0


def _content_hash(folder: Path) -> str:
    """Hash of the graphs and their weights, 16 hex digits."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(folder.glob("*.onnx*")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


LIBRARY = Library(
    name="onnx",
    module="onnxruntime",
    modalities=("text", "image", "video"),
    models="a folder made by `ltr encoder export`",
    load=load,
    example="runs/onnx",
)
