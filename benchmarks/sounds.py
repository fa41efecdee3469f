"""Clips of ten kinds of sound: clip to clip and words to clips, by fold.

    python benchmarks/sounds.py ../shared/data/sounds

Clips of one recording are in one fold (Piczak 2015, https://doi.org/10.1145/2733373.2806390). For each fold an encoder
is trained from nothing on the other folds, with the labels as titles, and asked with the clips that it has not heard:
each clip looks for clips of its label among the other folds, and each label for its clips in the fold itself. Encoders
that need no training are asked the same, for comparison.
"""

import argparse
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import P, Success, nDCG

from ltr_plugin.cli.progress_bar import progress_bar
from ltr_plugin.encoders import Encoder, load_encoder
from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.trainers import TRAINERS
from ltr_plugin.evaluation.significance import bootstrap_intervals
from ltr_plugin.media.audio import Audio, open_audio
from ltr_plugin.settings import Settings

RESULTS = Path(__file__).parent / "results"
UNTRAINED = ("spectral:mfcc", "spectral:log-mel")
MEASURES = {"P@1": P @ 1, "hit@5": Success @ 5, "NDCG@10": nDCG @ 10}


@dataclass(frozen=True)
class Clip:
    """A clip, its label and the fold it is in."""

    file: str
    label: str
    fold: int


@dataclass(frozen=True)
class Row:
    """What one encoder finds: each measure's mean over the queries of all folds, and its 95 % interval."""

    task: str
    encoder: str
    queries: int
    measures: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    dimension: int
    clips_a_second: float
    weights_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--minutes", type=float, default=2.5, help="how long to train for each fold")
    parser.add_argument("--encoder", action="append", default=[], help="a further one, such as clap:FOLDER")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    folder = Settings.from_env().runs / "sounds"
    clips = [Clip(**json.loads(line)) for line in (given.data / "labels.jsonl").read_text().splitlines()]
    began = time.perf_counter()
    audios = [open_audio(given.data, clip.file) for clip in clips]
    decoded_a_second = len(clips) / (time.perf_counter() - began)

    trained = {fold: train(given.data, clips, fold, folder, given.minutes) for fold in sorted({c.fold for c in clips})}
    rows: list[Row] = []
    for spec in (*UNTRAINED, *given.encoder):
        rows += measured(dict.fromkeys(trained, spec), spec, clips, audios)
    rows += measured(trained, f"mel, {given.minutes:g} min", clips, audios)
    rows.sort(key=lambda row: row.task)
    given.out.mkdir(parents=True, exist_ok=True)
    report = {"minutes": given.minutes, "clips": len(clips), "decoded_a_second": round(decoded_a_second, 1)}
    (given.out / "sounds.json").write_text(json.dumps({**report, "rows": list(map(asdict, rows))}, indent=2) + "\n")
    (given.out / "sounds.md").write_text(text := markdown(rows, clips, given.minutes, decoded_a_second))
    print(text)


def train(data: Path, clips: Sequence[Clip], fold: int, folder: Path, minutes: float) -> str:
    """An encoder that has not heard this fold: a product for each label, with its clips of the other folds."""
    shop = folder / f"without-{fold}"
    shutil.rmtree(shop, ignore_errors=True)
    shop.mkdir(parents=True)
    heard: dict[str, list[str]] = {}
    for clip in clips:
        if clip.fold != fold:
            heard.setdefault(clip.label, []).append(clip.file)
            shutil.copy(data / clip.file, shop)
    products = [{"id": label.replace(" ", "-"), "title": label, "audio": files} for label, files in heard.items()]
    (shop / "catalog.jsonl").write_text("".join(json.dumps(product) + "\n" for product in products))
    with progress_bar(f"training without fold {fold}") as progress:
        out = shop / "encoder"
        return TRAINERS["audio"](shop / "catalog.jsonl", out, budget=Budget(minutes=minutes), progress=progress).spec


def measured(specs: Mapping[int, str], name: str, clips: Sequence[Clip], audios: Sequence[Audio]) -> Iterator[Row]:
    """Both tasks, each fold asked with the encoder that `specs` has for it."""
    heard: dict[str, tuple[Encoder, Vectors, float]] = {}
    for spec in set(specs.values()):
        encoder = load_encoder(spec)
        began = time.perf_counter()
        vectors = encoder.encode("audio", [encoder.prepare("audio", audio) for audio in audios])
        heard[spec] = encoder, vectors, len(audios) / (time.perf_counter() - began)
    by_clip: list[list[float]] = []
    by_label: list[list[float]] = []
    for fold, spec in specs.items():
        encoder, vectors, _ = heard[spec]
        inside = [place for place, clip in enumerate(clips) if clip.fold == fold]
        outside = [place for place, clip in enumerate(clips) if clip.fold != fold]
        asked = {clips[place].file: clips[place].label for place in inside}
        by_clip += scores(vectors[inside] @ vectors[outside].T, asked, [clips[place] for place in outside])
        if "text" in encoder.modalities:
            labels = sorted({clip.label for clip in clips})
            words = encoder.encode("text", [encoder.prepare("text", label) for label in labels])
            by_label += scores(
                words @ vectors[inside].T, dict(zip(labels, labels, strict=True)), [clips[p] for p in inside]
            )
    encoder = next(iter(heard.values()))[0]
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
                round(float(np.mean([rate for _, _, rate in heard.values()])), 1),
                round(weights / 1e6, 1),
            )


def scores(similarities: Vectors, asked: Mapping[str, str], found: Sequence[Clip]) -> list[list[float]]:
    """The measures of each query: its wanted label by its name in `asked`, its similarity to each clip in a row."""
    run = {
        query: {clip.file: float(value) for clip, value in zip(found, row, strict=True)}
        for query, row in zip(asked, similarities, strict=True)
    }
    qrels = {query: {clip.file: int(clip.label == label) for clip in found} for query, label in asked.items()}
    values = {query: [0.0] * len(MEASURES) for query in asked}
    order = list(MEASURES.values())
    for metric in ir_measures.iter_calc(order, qrels, run):
        values[metric.query_id][order.index(metric.measure)] = metric.value
    return list(values.values())


def markdown(rows: Sequence[Row], clips: Sequence[Clip], minutes: float, decoded_a_second: float) -> str:
    labels, folds = len({clip.label for clip in clips}), len({clip.fold for clip in clips})
    lines = [
        f"# Sounds: {len(clips)} clips of {labels} kinds",
        "",
        f"    python benchmarks/sounds.py DATA --minutes {minutes:g}",
        "",
        f"Trained for {minutes:g} min without one of {folds} folds and asked with it, for each in turn; means",
        "with 95 % bootstrap intervals over the queries. `mel` is a network that learned from the other clips alone;",
        "its text tower stands on the sentence encoder all-MiniLM-L6-v2 (not in its size), and the labels were its",
        f"titles. Clips/s are prepared and encoded one after the other; {decoded_a_second:,.0f} a second are decoded.",
    ]
    head = ["encoder", "queries", *MEASURES, "dimension", "clips/s", "weights, MB"]
    for task in dict.fromkeys(row.task for row in rows):
        lines += ["", f"## {task.capitalize()}", "", line(head), line(["---"] * len(head))]
        lines += [line(cells(row)) for row in rows if row.task == task]
    return "\n".join([*lines, ""])


def cells(row: Row) -> list[str]:
    told = [f"{row.measures[name]:.3f} ({low:.3f} to {high:.3f})" for name, (low, high) in row.intervals.items()]
    return [
        row.encoder,
        str(row.queries),
        *told,
        str(row.dimension),
        f"{row.clips_a_second:,.0f}",
        f"{row.weights_mb:g}",
    ]


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
