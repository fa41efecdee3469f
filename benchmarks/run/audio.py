"""Audio clips of ten kinds of sound: clip to clips and label to clips, by fold.

    python -m benchmarks.run.audio DATA/sounds

Clips of one recording are in one fold (Piczak 2015, https://doi.org/10.1145/2733373.2806390). For each fold an encoder
is trained from scratch on the other folds, with the labels as titles. Each clip of the fold then searches clips of its
label in the other folds, and each label searches its clips in the fold. Encoders without training run for comparison.
"""

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import P, Success, nDCG

from benchmarks.lib.script import argument_parser, command_line, markdown_row, write_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.encoders import Encoder, load_encoder
from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.trainers import TRAINERS
from ltr_plugin.evaluation.significance import bootstrap_intervals
from ltr_plugin.media.audio import Audio, open_audio
from ltr_plugin.settings import Settings

UNTRAINED = ("spectral:mfcc", "spectral:log-mel")
MEASURES = {"P@1": P @ 1, "hit@5": Success @ 5, "NDCG@10": nDCG @ 10}


@dataclass(frozen=True)
class Clip:
    """A clip, its label and its fold."""

    file: str
    label: str
    fold: int


@dataclass(frozen=True)
class Row:
    """One encoder's results: each measure's mean over the queries of all folds, with its 95 % interval."""

    task: str
    encoder: str
    queries: int
    measures: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    dimension: int
    clips_a_second: float
    weights_mb: float


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("data", type=Path, help="Folder with labels.jsonl and the clips.")
    parser.add_argument("--minutes", type=float, default=2.5, help="Training time for each fold (%(default)g).")
    parser.add_argument("--encoder", action="append", default=[], help="Another encoder, such as clap:FOLDER.")
    given = parser.parse_args()
    folder = Settings.from_env().runs / "audio"
    clips = [Clip(**json.loads(line)) for line in (given.data / "labels.jsonl").read_text().splitlines()]
    began = time.perf_counter()
    audios = [open_audio(given.data, clip.file) for clip in clips]
    decoded_a_second = len(clips) / (time.perf_counter() - began)

    trained = {fold: train(given.data, clips, fold, folder, given.minutes) for fold in sorted({c.fold for c in clips})}
    rows: list[Row] = []
    for spec in (*UNTRAINED, *given.encoder):
        rows += measure(dict.fromkeys(trained, spec), spec, clips, audios)
    rows += measure(trained, f"mel, {given.minutes:g} min", clips, audios)
    rows.sort(key=lambda row: row.task)
    report = {
        "minutes": given.minutes,
        "clips": len(clips),
        "decoded_a_second": round(decoded_a_second, 1),
        "rows": [asdict(row) for row in rows],
    }
    write_result(given.out, "audio", report, markdown(rows, clips, given.minutes, decoded_a_second))


def train(data: Path, clips: Sequence[Clip], fold: int, folder: Path, minutes: float) -> str:
    """An encoder trained without this fold: one product per label, with its clips of the other folds."""
    shop = folder / f"without-{fold}"
    shutil.rmtree(shop, ignore_errors=True)
    shop.mkdir(parents=True)
    files_by_label: dict[str, list[str]] = {}
    for clip in clips:
        if clip.fold != fold:
            files_by_label.setdefault(clip.label, []).append(clip.file)
            shutil.copy(data / clip.file, shop)
    products = [
        {"id": label.replace(" ", "-"), "title": label, "audio": files} for label, files in files_by_label.items()
    ]
    (shop / "catalog.jsonl").write_text("".join(json.dumps(product) + "\n" for product in products))
    with progress_bar(f"training without fold {fold}") as progress:
        out = shop / "encoder"
        return TRAINERS["audio"](shop / "catalog.jsonl", out, budget=Budget(minutes=minutes), progress=progress).spec


def measure(specs: Mapping[int, str], name: str, clips: Sequence[Clip], audios: Sequence[Audio]) -> Iterator[Row]:
    """The rows of both tasks; `specs` has the encoder of each fold."""
    encoded: dict[str, tuple[Encoder, Vectors, float]] = {}
    for spec in set(specs.values()):
        encoder = load_encoder(spec)
        began = time.perf_counter()
        vectors = encoder.encode("audio", [encoder.prepare("audio", audio) for audio in audios])
        encoded[spec] = encoder, vectors, len(audios) / (time.perf_counter() - began)
    by_clip: list[list[float]] = []
    by_label: list[list[float]] = []
    for fold, spec in specs.items():
        encoder, vectors, _ = encoded[spec]
        inside = [row for row, clip in enumerate(clips) if clip.fold == fold]
        outside = [row for row, clip in enumerate(clips) if clip.fold != fold]
        wanted = {clips[row].file: clips[row].label for row in inside}
        by_clip += scores(vectors[inside] @ vectors[outside].T, wanted, [clips[row] for row in outside])
        if "text" in encoder.modalities:
            labels = sorted({clip.label for clip in clips})
            queries = encoder.encode("text", [encoder.prepare("text", label) for label in labels])
            by_label += scores(
                queries @ vectors[inside].T, dict(zip(labels, labels, strict=True)), [clips[row] for row in inside]
            )
    encoder = next(iter(encoded.values()))[0]
    weights = sum(
        file.stat().st_size for file in Path(next(iter(specs.values())).partition(":")[2]).glob("*.safetensors")
    )
    for task, values in (("clip to clips", by_clip), ("label to clips", by_label)):
        if values:
            low, high = bootstrap_intervals(np.array(values))
            means = np.mean(values, axis=0)
            yield Row(
                task,
                name,
                len(values),
                {measure: round(float(mean), 3) for measure, mean in zip(MEASURES, means, strict=True)},
                {m: (round(float(a), 3), round(float(b), 3)) for m, a, b in zip(MEASURES, low, high, strict=True)},
                encoder.fingerprint.dimension,
                round(float(np.mean([rate for _, _, rate in encoded.values()])), 1),
                round(weights / 1e6, 1),
            )


def scores(similarities: Vectors, wanted: Mapping[str, str], clips: Sequence[Clip]) -> list[list[float]]:
    """The measures of each query. `wanted` is query to label; `similarities` has a row per query, a column per clip."""
    run = {
        query: {clip.file: float(value) for clip, value in zip(clips, row, strict=True)}
        for query, row in zip(wanted, similarities, strict=True)
    }
    qrels = {query: {clip.file: int(clip.label == label) for clip in clips} for query, label in wanted.items()}
    values = {query: [0.0] * len(MEASURES) for query in wanted}
    order = list(MEASURES.values())
    for metric in ir_measures.iter_calc(order, qrels, run):
        values[metric.query_id][order.index(metric.measure)] = metric.value
    return list(values.values())


def markdown(rows: Sequence[Row], clips: Sequence[Clip], minutes: float, decoded_a_second: float) -> str:
    labels, folds = len({clip.label for clip in clips}), len({clip.fold for clip in clips})
    lines = [
        f"# Audio: {len(clips)} clips of {labels} kinds",
        "",
        f"    {command_line()}",
        "",
        f"Trained for {minutes:g} min without one of {folds} folds and tested with it, for each in turn. Means with",
        "95 % bootstrap intervals over the queries. `mel` is a network trained on the other clips; its text tower",
        "uses the sentence encoder all-MiniLM-L6-v2 (not counted in its size), and the labels are its titles. Clips/s",
        f"are prepared and encoded one after the other; {decoded_a_second:,.0f} clips per second are decoded.",
    ]
    head = ["encoder", "queries", *MEASURES, "dimension", "clips/s", "weights, MB"]
    for task in dict.fromkeys(row.task for row in rows):
        lines += ["", f"## {task.capitalize()}", "", markdown_row(head), markdown_row(["---"] * len(head))]
        lines += [markdown_row(cells(row)) for row in rows if row.task == task]
    return "\n".join([*lines, ""])


def cells(row: Row) -> list[str]:
    measures = [f"{row.measures[name]:.3f} ({low:.3f} to {high:.3f})" for name, (low, high) in row.intervals.items()]
    return [
        row.encoder,
        str(row.queries),
        *measures,
        str(row.dimension),
        f"{row.clips_a_second:,.0f}",
        f"{row.weights_mb:g}",
    ]


if __name__ == "__main__":
    main()
