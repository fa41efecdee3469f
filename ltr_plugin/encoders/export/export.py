"""Exports an encoder to a smaller or faster one in a folder, and compares both."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders import aligned, openclip, sentence_transformer, timm_images
from ltr_plugin.encoders.encoder_folder import check_not_replaced, check_output_folder, replace_encoder
from ltr_plugin.encoders.export.comparison import Comparison, compare
from ltr_plugin.encoders.export.samples import catalog_samples, synthetic_samples
from ltr_plugin.encoders.onnx_runtime import GRAPH_FILES, LIBRARY, load
from ltr_plugin.encoders.registry import load_full_precision, resolve_spec
from ltr_plugin.errors import EncoderError, EncoderSpecError, InputError
from ltr_plugin.extras import require_module
from ltr_plugin.progress import Progress, no_progress

PRECISIONS = ("int8",)

TOWERS = (sentence_transformer.LIBRARY.name, timm_images.LIBRARY.name)
"""The libraries of encoders of one modality that can be exported."""

MIN_COSINE = 0.99
"""Without quantization, a lower worst cosine means that the graph does not compute the model."""


@dataclass(frozen=True)
class ExportReport:
    """The exported encoder, its size in bytes, and its comparison with the `original` on items of `origin`."""

    folder: Path
    original: str
    precision: str
    fingerprint: Fingerprint
    origin: str
    comparisons: tuple[Comparison, ...]
    bytes: int

    @property
    def spec(self) -> str:
        """The new encoder's specification, `onnx:folder`."""
        return f"{LIBRARY.name}:{self.folder}"

    def to_summary(self) -> str:
        """Lines for a person: what was written, and how it compares with the original."""
        lines = [
            f"{self.folder}: {self.original} in {self.precision}, {self.bytes / 1e6:,.0f} MB",
            f"use it as {self.spec}; its vectors differ, so switch an index to it with `ltr index embed`",
            f"compared on {self.origin}:",
        ]
        for one in self.comparisons:
            same = f"{one.nearest_kept:.1%} of the ten nearest neighbours are the same"
            single = f"one item {one.one_ms_before:.1f} ms before, {one.one_ms:.1f} now"
            lines += [
                f"  {one.modality}: cosine {one.cosine:.4f} with the original, {one.worst_cosine:.4f} at worst; {same}",
                f"  {one.modality}: {one.per_s_before:,.0f} a second before, {one.per_s:,.0f} now; {single}",
            ]
        return "\n".join(lines)


def export(
    spec: str, out: Path, *, quantize: str | None = None, sample: Path | None = None, progress: Progress = no_progress
) -> ExportReport:
    """Writes the encoder as ONNX graphs into the folder `out`, or replaces an older encoder there, and compares both.

    `quantize` may be `int8`. `sample` is a catalog whose texts and photos are compared; default: made-up ones. The card
    in the folder keeps the numbers. `progress` counts steps. EncoderError when the encoder cannot be exported, or the
    graphs give other vectors; InputError for an invalid `quantize` or `sample`, and when `out` holds `spec`.
    """
    if quantize is not None and quantize not in PRECISIONS:
        raise InputError("--quantize", f"{quantize!r} is none of {', '.join(PRECISIONS)}")
    check_output_folder(out)
    check_not_replaced(out, spec)
    check_exportable(spec)
    samples = catalog_samples(sample) if sample else synthetic_samples()
    for module in ("onnx", "onnxscript", "onnxruntime"):
        require_module(module, f"exporting {spec!r}", error=EncoderError)
    original = load_full_precision(spec)
    card: dict[str, Any] = {}
    with replace_encoder(out, card) as folder:
        from ltr_plugin.encoders.export.onnx_graphs import quantize as quantize_graphs
        from ltr_plugin.encoders.export.onnx_graphs import write_graphs

        progress(0, 3)
        write_graphs(original, spec.partition(":")[2], folder, name=out.resolve().name)
        progress(1, 3)
        if quantize:
            quantize_graphs(folder)
        progress(2, 3)
        exported = load(str(folder))
        comparisons = tuple(
            compare(original, exported, modality, samples.items[modality])
            for modality in GRAPH_FILES
            if modality in exported.modalities and len(samples.items[modality]) > 1
        )
        if not comparisons:
            raise InputError(samples.origin, f"has no items of a modality that {spec!r} encodes, to compare on")
        worst = min(comparisons, key=lambda comparison: comparison.worst_cosine)
        if not quantize and worst.worst_cosine < MIN_COSINE:
            raise EncoderError(
                f"the graph of {spec!r} does not give its model's vectors: {worst.modality} cosine {worst.worst_cosine}"
            )
        report = ExportReport(
            folder=out,
            original=spec,
            precision=quantize or "fp32",
            fingerprint=exported.fingerprint,
            origin=samples.origin,
            comparisons=comparisons,
            bytes=sum(path.stat().st_size for path in folder.iterdir()),
        )
        card |= {**asdict(report), "folder": out.name, "name": exported.fingerprint.model}
        progress(3, 3)
    return report


def check_exportable(spec: str) -> None:
    """EncoderError, before anything is loaded, for an encoder of a library that cannot be exported."""
    library, _, model = resolve_spec(spec).partition(":")
    if library == openclip.LIBRARY.name:
        return
    towers = [spec]
    if library == aligned.NAME:
        files = aligned.read(Path(model))
        towers = [files.photo, files.text]
    for tower in towers:
        if (own := tower.partition(":")[0]) not in TOWERS:
            part = f", such as a tower of {spec!r}," if library == aligned.NAME else ""
            raise EncoderSpecError(
                f"encoders of {own}{part} cannot be exported; those of {', '.join(TOWERS)} and open_clip can, and "
                f"aligned ones whose towers are of {' and '.join(TOWERS)}"
            )
