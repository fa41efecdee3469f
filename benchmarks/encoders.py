"""Encoders side by side: what they find, how fast they are, and what memory they take.

    python benchmarks/encoders.py ../shared/data

Clothing: 341 photos that no encoder has seen look for photos of their class among 3,068, and each class's name for its
photos among the 341. Grocery: 296 photos taken from shelves look for their product among 81. Electronics: 88 typed
queries with human grades look among 19,406 products by their text. Encoders without ready weights learn from the set's
own training part, and from nothing else. Each runs in a process of its own, whose peak memory is told.
"""

import argparse
import contextlib
import json
import re
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from encoder_tasks import Item, Task, clothing, electronics, grocery
from ir_measures import Success, nDCG

from ltr_plugin.catalog.product import Modality
from ltr_plugin.cli.progress_bar import progress_bar
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, Encoder, load_encoder
from ltr_plugin.encoders.export.export import export
from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.trainers import TRAINERS
from ltr_plugin.errors import MediaError
from ltr_plugin.evaluation.significance import bootstrap_intervals
from ltr_plugin.settings import Settings

RESULTS = Path(__file__).parent / "results"
PHOTO_SETS = {"clothing": clothing, "grocery": grocery}
SETS = (*PHOTO_SETS, "electronics")
CHUNK = 256
"""Items that are open at a time, so that memory is the encoder's."""


@dataclass(frozen=True)
class Row:
    """What one encoder does in one task: means over the queries with 95 % bootstrap intervals.

    `per_s` counts items that are prepared and encoded one after the other, `one_ms` encodes a prepared query alone.
    """

    task: str
    encoder: str
    queries: int
    measures: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    dimension: int
    per_s: float
    one_ms: float
    weights_mb: float
    peak_mb: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--minutes", type=float, default=15, help="how long each encoder is trained for each set")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--classical", action=argparse.BooleanOptionalAction, default=True, help="SIFT and ORB, too")
    parser.add_argument("--image-encoder", action="append", default=[], help="a further one, such as timm:FOLDER")
    parser.add_argument("--text-encoder", action="append", default=[], help="a further one, such as word-vectors:FILE")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    made = Settings.from_env().runs / "encoders"
    photos = {name: of(given.data / name) for name, of in PHOTO_SETS.items() if name in given.sets}
    rows: list[Row] = []
    for name, (train, tasks) in photos.items():
        learned = trained(name, given.minutes, made, classical=given.classical, **train)
        for label, spec in {**learned, **{spec: spec for spec in given.image_encoder}}.items():
            rows += alone(label, spec, tasks)
    if "electronics" in given.sets:
        train, tasks = electronics(given.data / "electronics")
        learned = texts(given.minutes, made, **train)
        for label, spec in {**learned, **{spec: spec for spec in given.text_encoder}}.items():
            rows += alone(label, spec, tasks)
    report = {"minutes": given.minutes, "rows": [asdict(row) for row in rows]}
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "encoders.json").write_text(json.dumps(report, indent=1) + "\n")
    (given.out / "encoders.md").write_text(text := markdown(rows, given.minutes))
    print(text)


def trained(name: str, minutes: float, made: Path, *, classical: bool, **files: Path) -> dict[str, str]:
    """Encoders of photos that learn from a set, by what they are called."""
    wanted: dict[str, tuple[str, dict[str, Any]]] = {
        f"open_clip, {minutes:g} min from nothing": ("photo", {"image_size": 96}),
    }
    if classical:
        wanted["bag of SIFT words"] = "keypoints", {"descriptor": "sift"}
        wanted["bag of ORB words"] = "keypoints", {"descriptor": "orb"}
    return {
        label: train(kind, made / f"{name}-{options.get('descriptor', kind)}", minutes, **files, **options)
        for label, (kind, options) in wanted.items()
    }


def texts(minutes: float, made: Path, catalog: Path) -> dict[str, str]:
    """Text encoders, by what they are called."""
    whole = export(DEFAULT_TEXT_ENCODER, made / "text-onnx", sample=catalog)
    small = export(DEFAULT_TEXT_ENCODER, made / "text-int8", quantize="int8", sample=catalog)
    return {
        "MiniLM": DEFAULT_TEXT_ENCODER,
        "MiniLM, ONNX": whole.spec,
        "MiniLM, ONNX int8": small.spec,
        f"BiLSTM, {minutes:g} min from nothing": train("text", made / "electronics-words", minutes, catalog=catalog),
    }


def train(kind: str, out: Path, minutes: float, **options: Any) -> str:
    # words of a vocabulary settle in their ten epochs
    budget = Budget() if kind == "keypoints" else Budget(minutes=minutes)
    with progress_bar(f"training {out.name}") as progress:
        return TRAINERS[kind](out=out, budget=budget, progress=progress, **options).spec


def alone(label: str, spec: str, tasks: Sequence[Task]) -> list[Row]:
    """The rows of one encoder, measured in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measured, label, spec, tasks).result()


def measured(label: str, spec: str, tasks: Sequence[Task]) -> list[Row]:
    encoder = load_encoder(spec)
    rows = []
    for task in tasks:
        modalities = {item.source for item in (*task.queries[:1], *task.items[:1])}
        if not modalities <= encoder.modalities:
            continue
        queries, items = task.queries, task.items
        asked, _ = encoded(encoder, queries)
        found, seconds = encoded(encoder, items)
        values = scores(task, queries, items, asked @ found.T)
        low, high = bootstrap_intervals(np.array(list(values.values())).T)
        rows.append(
            Row(
                task.name,
                label,
                len(queries),
                {name: round(float(np.mean(value)), 3) for name, value in values.items()},
                {n: (round(float(a), 3), round(float(b), 3)) for n, a, b in zip(values, low, high, strict=True)},
                encoder.fingerprint.dimension,
                round(len(items) / seconds, 1),
                round(1000 * one_alone(encoder, queries), 2),
                weights_mb(encoder, spec),
                peak_mb(),
            )
        )
    return rows


def encoded(encoder: Encoder, items: Sequence[Item]) -> tuple[Vectors, float]:
    """The items' vectors, and the seconds that preparing and encoding them took, without opening."""
    source = items[0].source
    encoder.encode(source, list(prepared(encoder, source, [item.open() for item in items[:CHUNK]]).values()))  # a trial
    vectors, seconds = np.zeros((len(items), encoder.fingerprint.dimension), np.float32), 0.0
    for start in range(0, len(items), CHUNK):
        opened = [item.open() for item in items[start : start + CHUNK]]
        began = time.perf_counter()
        ready = prepared(encoder, source, opened)
        vectors[[start + place for place in ready]] = encoder.encode(source, list(ready.values()))
        seconds += time.perf_counter() - began
    return vectors, seconds


def prepared(encoder: Encoder, source: Modality, opened: Sequence[Any]) -> dict[int, Any]:
    """What can be prepared, by its place; a photo without keypoints keeps a vector of zeros, which finds nothing."""
    ready = {}
    for place, item in enumerate(opened):
        with contextlib.suppress(MediaError):
            ready[place] = encoder.prepare(source, item)
    return ready


def one_alone(encoder: Encoder, queries: Sequence[Item]) -> float:
    """Seconds to encode one prepared query, the median of some."""
    times = []
    for query in queries[:20]:
        ready = list(prepared(encoder, query.source, [query.open()]).values())
        began = time.perf_counter()
        encoder.encode(query.source, ready)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def scores(task: Task, queries: Sequence[Item], items: Sequence[Item], similar: Vectors) -> dict[str, list[float]]:
    """Each measure's values by query."""
    measures = {"hit@1": Success(rel=task.good) @ 1, "hit@5": Success(rel=task.good) @ 5, "NDCG@10": nDCG @ 10}
    run = {
        query.id: {items[place].id: float(row[place]) for place in np.argsort(-row, kind="stable")[:100]}
        for query, row in zip(queries, similar, strict=True)
        if row.any()
    }
    qrels = {query.id: dict(task.grades[query.id]) for query in queries}
    found = {(one.query_id, one.measure): one.value for one in ir_measures.iter_calc(measures.values(), qrels, run)}
    return {name: [found.get((query.id, measure), 0.0) for query in queries] for name, measure in measures.items()}


def weights_mb(encoder: Encoder, spec: str) -> float:
    """Megabytes of a network's weights, or of the encoder's files; 0 when it has neither."""
    if network := getattr(encoder, "model", None):
        return round(sum(weight.numel() * weight.element_size() for weight in network.parameters()) / 1e6, 1)
    place = Path(spec.partition(":")[2])
    files = [file for pattern in ("*.safetensors", "*.onnx*") for file in place.glob(pattern)]
    return round(sum(file.stat().st_size for file in ([place] if place.is_file() else files)) / 1e6, 1)


def peak_mb() -> int:
    """The most memory that this process has had; what `getrusage` says counts its parent's, too."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) >> 10


def markdown(rows: Sequence[Row], minutes: float) -> str:
    lines = [
        "# Encoders side by side",
        "",
        f"    python benchmarks/encoders.py DATA --minutes {minutes:g}",
        "",
        "Encoders without ready weights learned from nothing but the set's own training part, networks for",
        f"{minutes:g} minutes. Means over the queries with 95 % bootstrap intervals; a hit is the same class",
        "(clothing), the very product (grocery), or a grade of 2 or 3 (electronics). Items/s are prepared and encoded",
        "one after the other, without opening files; `one` is a prepared query alone. Memory is the peak of the",
        "encoder's own process.",
    ]
    for task in dict.fromkeys(row.task for row in rows):
        own = [row for row in rows if row.task == task]
        head = ["encoder", *own[0].measures, "dimension", "items/s", "one, ms", "weights, MB", "memory, MB"]
        lines += ["", f"## {task} ({own[0].queries} queries)", "", line(head), line(["---"] * len(head))]
        lines += [line(cells(row)) for row in own]
    return "\n".join([*lines, ""])


def cells(row: Row) -> Iterator[str]:
    yield row.encoder
    for name, (low, high) in row.intervals.items():
        yield f"{row.measures[name]:.3f} ({low:.3f} to {high:.3f})"
    yield from (str(row.dimension), f"{row.per_s:,.0f}", f"{row.one_ms:.1f}", f"{row.weights_mb:g}", str(row.peak_mb))


def line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
