"""Encoders compared: what they find, how fast they are, and how much memory they take.

    python -m benchmarks.run.encoders DATA

- Clothing: 341 photos that no encoder was trained on search photos of their class among 3,068; each class name searches
  its photos among the 341.
- Grocery: 296 photos taken of shelves search their product among 81; once more without a tenth of the products in the
  training, whose photos are the queries.
- Electronics: 88 typed queries with human grades search 19,406 products by their text.
- The demo's shop in each of its languages: 150 typed queries search 800 products by their text, and once more by words
  alone (BM25), in an index of the language on the development node.

Encoders without published weights are trained on the set's own training part and on nothing else. Each encoder runs in
its own process, whose peak memory is reported. With `--only`, the rows of other encoders stay as they were.
"""

import contextlib
import json
import os
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import Success, nDCG

from benchmarks.lib.encoder_tasks import Item, Task, clothing, demo, electronics, grocery, grocery_new
from benchmarks.lib.script import argument_parser, command_line, markdown_row, write_result
from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.versions import IndexOptions
from ltr_plugin.demo.language import LANGUAGES
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, Encoder, load_encoder
from ltr_plugin.encoders.export.export import export
from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.registry import DEFAULT_PHOTO_ENCODER, MULTILINGUAL_TEXT_ENCODER
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.trainers import ALIGN, FINETUNE, TRAINERS, Trainer
from ltr_plugin.errors import MediaError
from ltr_plugin.evaluation.significance import bootstrap_intervals
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog
from ltr_plugin.pipelines.indexing.index_versions import drop_index
from ltr_plugin.pipelines.search import search
from ltr_plugin.settings import Settings

PHOTO_SETS = {"clothing": clothing, "grocery": grocery, "grocery-new": grocery_new}
DEMO_SETS = {f"demo-{code}": code for code in LANGUAGES}
SETS = (*PHOTO_SETS, "electronics", *DEMO_SETS)
WORDS_ALONE = "BM25, no encoder"
BUNDLED = "EfficientNet-Lite0"
RESULT = "encoders"
CHUNK = 256
"""Items open at a time, so that the measured memory is the encoder's."""

Prepare = Callable[[Modality, Any], Any]
"""`prepare` of an encoder for products, or its `prepare_query`."""

Make = Callable[[], str]
"""Makes an encoder, and gives its specification."""


@dataclass(frozen=True)
class Row:
    """One encoder's results in one task: means over the queries with 95 % bootstrap intervals.

    `training_s` is the time of making the encoder, media and text read and encoded included. `per_s` is items prepared
    and encoded per second, one after the other; `one_ms` is the time of one prepared query.
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
    training_s: float
    command: str


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--minutes", type=float, default=15, help="Training time of each encoder on each set (%(default)g)."
    )
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS, help="Data sets to run; by default all.")
    parser.add_argument(
        "--only", nargs="+", default=[""], help="Encoders whose row has any of these words in its name."
    )
    parser.add_argument("--image-encoder", action="append", default=[], help="Another encoder, such as timm:FOLDER.")
    parser.add_argument(
        "--text-encoder", action="append", default=[], help="Another encoder, such as word-vectors:FILE."
    )
    given = parser.parse_args()
    os.environ["LTR_CACHED_TEXTS"] = "0"  # what is timed has been encoded before
    folder = Settings.from_env().runs / "encoders"
    photos = {name: of(given.data, folder) for name, of in PHOTO_SETS.items() if name in given.sets}
    rows: list[Row] = []
    for name, (train, tasks) in photos.items():
        rows += measured(photo_encoders(name, given.minutes, folder, **train), given.image_encoder, given.only, tasks)
    if "electronics" in given.sets:
        train, tasks = electronics(given.data / "electronics")
        rows += measured(text_encoders(given.minutes, folder, **train), given.text_encoder, given.only, tasks)
    for name in [name for name in DEMO_SETS if name in given.sets]:
        catalog, tasks = demo(folder, DEMO_SETS[name])
        rows += measured(BUNDLED_TEXT, (), given.only, tasks)
        if any(word in WORDS_ALONE for word in given.only):
            rows.append(measure_words(LANGUAGES[DEMO_SETS[name]], catalog, tasks[0]))
    rows = [*rows, *others(given.out / f"{RESULT}.json", rows)]
    write_result(given.out, RESULT, {"rows": [asdict(row) for row in rows]}, markdown(rows))


def measured(made: Mapping[str, Make], more: Sequence[str], only: Sequence[str], tasks: Sequence[Task]) -> list[Row]:
    """The rows of those encoders whose name has any of the words `only`."""
    named = {**made, **{spec: partial(str, spec) for spec in more}}
    rows: list[Row] = []
    for label, make in named.items():
        if any(word in label for word in only):
            began = time.perf_counter()
            spec = make()
            rows += measure_in_process(label, spec, tasks, round(time.perf_counter() - began, 1))
    return rows


def others(path: Path, rows: Sequence[Row]) -> list[Row]:
    """The rows of an earlier result that were not measured again."""
    new = {(row.task, row.encoder) for row in rows}
    before = json.loads(path.read_text("utf-8"))["rows"] if path.is_file() else []
    return [Row(**row) for row in before if (row["task"], row["encoder"]) not in new]


def photo_encoders(name: str, minutes: float, folder: Path, **files: Path) -> dict[str, Make]:
    """Photo encoders by their label; most are trained on a set."""
    timed, epochs = Budget(minutes=minutes), Budget()
    kinds: dict[str, tuple[Trainer, str, Budget, dict[str, Any]]] = {
        f"{BUNDLED}, aligned": (ALIGN, "aligned", epochs, {}),
        f"{BUNDLED}, {minutes:g} min fine-tuned": (FINETUNE, "finetuned", timed, {}),
        f"open_clip, {minutes:g} min from scratch": (TRAINERS["photo"], "photo", timed, {"image_size": 96}),
    }
    for descriptor in ("sift", "orb"):  # whose visual words are found in a fixed number of epochs
        options = {"descriptor": descriptor}
        kinds[f"bag of {descriptor.upper()} words"] = TRAINERS["keypoints"], descriptor, epochs, options
    return {f"{BUNDLED}, as it is": partial(str, DEFAULT_PHOTO_ENCODER)} | {
        label: partial(train, trainer, folder / f"{name}-{part}", budget, **files, **options)
        for label, (trainer, part, budget, options) in kinds.items()
    }


BUNDLED_TEXT: dict[str, Make] = {
    "MiniLM": partial(str, DEFAULT_TEXT_ENCODER),
    "multilingual E5 small, 4 bits": partial(str, MULTILINGUAL_TEXT_ENCODER),
}


def text_encoders(minutes: float, folder: Path, catalog: Path) -> dict[str, Make]:
    """Text encoders by their label."""
    return {
        **BUNDLED_TEXT,
        "MiniLM, ONNX": lambda: export(DEFAULT_TEXT_ENCODER, folder / "text-onnx", sample=catalog).spec,
        "MiniLM, ONNX int8": lambda: (
            export(DEFAULT_TEXT_ENCODER, folder / "text-int8", quantize="int8", sample=catalog).spec
        ),
        f"BiLSTM, {minutes:g} min from scratch": partial(
            train, TRAINERS["text"], folder / "electronics-bilstm", Budget(minutes=minutes), catalog=catalog
        ),
    }


def train(trainer: Trainer, out: Path, budget: Budget, **options: Any) -> str:
    with progress_bar(f"training {out.name}") as progress:
        return trainer(out=out, budget=budget, progress=progress, **options).spec


def measure_in_process(label: str, spec: str, tasks: Sequence[Task], training_s: float) -> list[Row]:
    """The rows of one encoder, measured in its own process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure, label, spec, tasks, training_s, command_line()).result()


def measure(label: str, spec: str, tasks: Sequence[Task], training_s: float, command: str) -> list[Row]:
    """One row for each task whose modalities the encoder has."""
    encoder = load_encoder(spec)
    rows = []
    for task in tasks:
        modalities = {item.source for item in (*task.queries[:1], *task.items[:1])}
        if not modalities <= encoder.modalities:
            continue
        queries, items = task.queries, task.items
        query_vectors, _ = encode(encoder, queries, encoder.prepare_query)
        item_vectors, seconds = encode(encoder, items, encoder.prepare)
        searched = {label: item_vectors}
        if learned := getattr(encoder, "product_vectors", {}):
            searched[f"{label}, learned vectors indexed"] = with_learned(items, item_vectors, learned)
        for what, vectors in searched.items():
            rows.append(
                Row(
                    task.name,
                    what,
                    len(queries),
                    *means_and_intervals(scores(task, queries, items, query_vectors @ vectors.T)),
                    encoder.fingerprint.dimension,
                    round(len(items) / seconds, 1),
                    round(1000 * single_query_s(encoder, queries), 2),
                    weights_mb(encoder, spec),
                    peak_mb(),
                    training_s,
                    command,
                )
            )
    return rows


def measure_words(language: str, catalog: Path, task: Task) -> Row:
    """The row of BM25 in an index of this language: its products written and searched per second."""
    cluster = connect(settings=Settings.from_env())
    alias = f"encoders-{catalog.stem}"
    began = time.perf_counter()
    options = IndexOptions(schema=CatalogSchema(language=language))
    index = write_catalog(cluster, catalog, alias, (), options=options).index
    write_s = time.perf_counter() - began
    columns = {item.id: column for column, item in enumerate(task.items)}
    similarities, times = np.zeros((len(task.queries), len(columns))), []
    for row, query in zip(similarities, task.queries, strict=True):
        began = time.perf_counter()
        hits = search(index, query.reference, ranker="bm25", size=100).hits
        times.append(time.perf_counter() - began)
        for hit in hits:
            row[columns[hit.id]] = hit.score
    drop_index(cluster, alias)
    return Row(
        task.name,
        WORDS_ALONE,
        len(task.queries),
        *means_and_intervals(scores(task, task.queries, task.items, similarities)),
        dimension=0,
        per_s=round(len(columns) / write_s, 1),
        one_ms=round(1000 * statistics.median(times), 2),
        weights_mb=0,
        peak_mb=0,
        training_s=0,
        command=command_line(),
    )


def means_and_intervals(
    values: Mapping[str, Sequence[float]],
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Each measure's mean over the queries, and its 95 % interval."""
    low, high = bootstrap_intervals(np.array(list(values.values())).T)
    means = {name: round(float(np.mean(value)), 3) for name, value in values.items()}
    return means, {n: (round(float(a), 3), round(float(b), 3)) for n, a, b in zip(values, low, high, strict=True)}


def with_learned(items: Sequence[Item], vectors: Vectors, learned: Mapping[str, Any]) -> Vectors:
    """The vectors as a worker indexes them: the mean direction of a photo's and the one learned for its product."""
    sums = vectors + np.stack([learned.get(item.id, np.zeros(vectors.shape[1])) for item in items])
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def encode(encoder: Encoder, items: Sequence[Item], prepare_one: Prepare) -> tuple[Vectors, float]:
    """The items' vectors, and the seconds of preparing and encoding them, without opening."""
    source = items[0].source
    encoder.encode(
        source, list(prepare(prepare_one, source, [item.open() for item in items[:CHUNK]]).values())
    )  # warm-up
    vectors, seconds = np.zeros((len(items), encoder.fingerprint.dimension), np.float32), 0.0
    for start in range(0, len(items), CHUNK):
        opened = [item.open() for item in items[start : start + CHUNK]]
        began = time.perf_counter()
        ready = prepare(prepare_one, source, opened)
        vectors[[start + row for row in ready]] = encoder.encode(source, list(ready.values()))
        seconds += time.perf_counter() - began
    return vectors, seconds


def prepare(prepare_one: Prepare, source: Modality, opened: Sequence[Any]) -> dict[int, Any]:
    """What can be prepared, by position; a photo without keypoints keeps a vector of zeros, which finds nothing."""
    ready = {}
    for position, item in enumerate(opened):
        with contextlib.suppress(MediaError):
            ready[position] = prepare_one(source, item)
    return ready


def single_query_s(encoder: Encoder, queries: Sequence[Item]) -> float:
    """Seconds to encode one prepared query: the median of 20."""
    times = []
    for query in queries[:20]:
        ready = list(prepare(encoder.prepare_query, query.source, [query.open()]).values())
        began = time.perf_counter()
        encoder.encode(query.source, ready)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def scores(task: Task, queries: Sequence[Item], items: Sequence[Item], similarities: Vectors) -> dict[str, list[float]]:
    """Each measure's values by query."""
    measures = {"hit@1": Success(rel=task.good) @ 1, "hit@5": Success(rel=task.good) @ 5, "NDCG@10": nDCG @ 10}
    run = {
        query.id: {items[at].id: float(row[at]) for at in np.argsort(-row, kind="stable")[:100] if row[at]}
        for query, row in zip(queries, similarities, strict=True)
    }
    qrels = {query.id: dict(task.grades[query.id]) for query in queries}
    by_query = {(one.query_id, one.measure): one.value for one in ir_measures.iter_calc(measures.values(), qrels, run)}
    return {name: [by_query.get((query.id, measure), 0.0) for query in queries] for name, measure in measures.items()}


def weights_mb(encoder: Encoder, spec: str) -> float:
    """Megabytes of a network's weights, or of the encoder's files; 0 when it has neither."""
    if network := getattr(encoder, "model", None):
        return round(sum(weight.numel() * weight.element_size() for weight in network.parameters()) / 1e6, 1)
    path = Path(spec.partition(":")[2])
    files = [file for pattern in ("*.safetensors", "*.onnx*") for file in path.glob(pattern)]
    return round(sum(file.stat().st_size for file in ([path] if path.is_file() else files)) / 1e6, 1)


def peak_mb() -> int:
    """Peak memory of this process; `getrusage` would include its parent's."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) >> 10


def markdown(rows: Sequence[Row]) -> str:
    lines = [
        "# Encoders compared",
        "",
        *(f"    {command}" for command in dict.fromkeys(row.command for row in rows)),
        "",
        "Encoders without published weights are trained on the set's own training part alone. Means over the queries",
        "with 95 % bootstrap intervals. A hit is the same class (clothing), the same product (grocery), or a grade of",
        "2 or 3 (electronics, the demo). Training includes reading and encoding what it learns from. Items/s are",
        "prepared and encoded one after the other, without opening files; `one` is the time of one prepared query.",
        "Memory is the peak of the encoder's own process. Of BM25, items/s are products written, `one` is a search.",
    ]
    for task in dict.fromkeys(row.task for row in rows):
        own = [row for row in rows if row.task == task]
        head = [
            "encoder",
            *own[0].measures,
            "dimension",
            "training, s",
            "items/s",
            "one, ms",
            "weights, MB",
            "memory, MB",
        ]
        lines += [
            "",
            f"## {task} ({own[0].queries} queries)",
            "",
            markdown_row(head),
            markdown_row(["---"] * len(head)),
        ]
        lines += [markdown_row(cells(row)) for row in own]
    return "\n".join([*lines, ""])


def cells(row: Row) -> Iterator[str]:
    yield row.encoder
    for name, (low, high) in row.intervals.items():
        yield f"{row.measures[name]:.3f} ({low:.3f} to {high:.3f})"
    yield from (str(row.dimension or ""), f"{row.training_s:.0f}", f"{row.per_s:,.0f}" if row.per_s else "")
    yield from (
        f"{row.one_ms:.1f}" if row.one_ms else "",
        f"{row.weights_mb:g}" if row.weights_mb else "",
        str(row.peak_mb or ""),
    )


if __name__ == "__main__":
    main()
