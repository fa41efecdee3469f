"""`ltr evaluate`, `ltr report` and `ltr ablate`: rankers measured on judged queries."""

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.options import (
    DEFAULT_INDEX,
    AsJson,
    DefaultOf,
    IndexName,
    ProfileFile,
    QrelsFile,
    QueriesFile,
    open_index,
)
from ltr_plugin.cli.search import RANKERS
from ltr_plugin.cli.terminal.output import exit_if, print_failed_queries, print_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.errors import InputError, counted

if TYPE_CHECKING:
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines.evaluate import Evaluation

Rankers = Annotated[
    list[str],
    typer.Option("--ranker", metavar="RANKER", help=f"Ranker to compare: {RANKERS}. Repeat the option for several."),
]
Baseline = Annotated[
    str | None,
    typer.Option(
        metavar="RANKER",
        help="Ranker that the others are compared with, as --ranker names it. Default: the first one, or, where that "
        "one has nDCG@10 0 on a slice of the queries (BM25 with photos), the best other one without a model.",
    ),
]
ABLATE = "pipelines.ablate:ablate"


def evaluate(
    qrels: QrelsFile,
    ranker: Rankers,
    queries: QueriesFile = None,
    baseline: Baseline = None,
    fail_below: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MEASURE=VALUE",
            help="Exit with code 1 when the last ranker named has less than this on the whole index, such as "
            "nDCG@10=0.45. Repeat the option for several measures.",
        ),
    ] = None,
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    as_json: AsJson = False,
) -> None:
    """Rank judged queries in the cluster, compare each ranker with a baseline, and say which one to serve."""
    from rich.console import Console

    thresholds = _read_thresholds(fail_below or [])
    if thresholds and len(set(ranker)) < len(ranker):
        raise InputError("--ranker", "a ranker is named twice; --fail-below holds the last one to its measures")
    result = _evaluate(open_index(name, profile), queries, qrels, ranker, baseline, warn=as_json)
    missed = result.full.below(thresholds)
    if as_json:
        named = [{"measure": one.measure, "mean": one.mean, "fail_below": thresholds[one.measure]} for one in missed]
        typer.echo(json.dumps({**result.to_json(), **({"missed": named} if thresholds else {})}))
    else:
        console = Console(width=None if sys.stdout.isatty() else 160)  # a file or pipe has no width to fit into
        for table in result.to_tables():
            console.print(table)
        for line in (*_latency_lines(result), result.verdict.sentence, *result.verdict.notes):
            console.print(line, highlight=False, markup=False)
    for one in missed:
        required = thresholds[one.measure]
        typer.echo(f"{one.measure} of {one.ranker} is {one.mean:.4f}, below {required:g}", err=True)
    exit_if(result.failed or missed)


def report(
    qrels: QrelsFile,
    ranker: Rankers,
    queries: QueriesFile = None,
    baseline: Baseline = None,
    out: Annotated[Path, typer.Option(help="HTML page to write.")] = Path("report.html"),
    ablation: Annotated[Path | None, typer.Option(help="File from `ltr ablate --out`, to show as well.")] = None,
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    as_json: AsJson = False,
) -> None:
    """Compare rankers as `ltr evaluate` does and write an HTML page.

    On top it says which ranker to serve. It has tables, curves, the measure of every query (also as CSV), queries that
    the last ranker wins or loses against the baseline, with photos, and of each ranker its features' importance, its
    settings and the latency of searches. It needs no network.
    """
    from ltr_plugin.evaluation.ablation import Ablation
    from ltr_plugin.pipelines.report import report as write_report

    matrix = Ablation.read(ablation) if ablation else None
    index = open_index(name, profile)
    result = _evaluate(index, queries, qrels, ranker, baseline, warn=as_json)
    write_report(index, result, out, ablation=matrix)
    text = "\n".join([result.verdict.sentence, *result.verdict.notes, f"report: {out}"])
    print_result({"report": str(out), **result.to_json()}, text, as_json=as_json)
    exit_if(result.failed)


def ablate(
    qrels: QrelsFile,
    ranker: Annotated[
        list[str],
        typer.Option("--ranker", metavar="DIR", help="Folder of an uploaded ranker. Repeat the option for several."),
    ],
    removed_fraction: Annotated[
        list[float],
        typer.Option(
            min=0,
            max=1,
            metavar="FRACTION",
            default_factory=DefaultOf(ABLATE, "removed_fractions"),
            help="Fraction of the products that lose a modality. Repeat the option for several.",
        ),
    ],
    seed: Annotated[
        int,
        typer.Option(min=0, default_factory=DefaultOf(ABLATE, "seed"), help="Random seed of the choice of products."),
    ],
    table: Annotated[
        Path | None,
        typer.Option(help="Feature table of the rankers: also compare with rankers trained without each modality."),
    ] = None,
    queries: QueriesFile = None,
    out: Annotated[Path | None, typer.Option(help="JSON file to write, for `ltr report --ablation`.")] = None,
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    as_json: AsJson = False,
) -> None:
    """Remove each modality from the queries, then from a part of the products, and measure every ranker each time."""
    from rich.console import Console

    from ltr_plugin.evaluation.terminal_tables import ablation_table
    from ltr_plugin.features.table import FeatureTable
    from ltr_plugin.pipelines.ablate import ablate as measure
    from ltr_plugin.pipelines.ablate import load_pushed_rankers, train_blind_baselines
    from ltr_plugin.pipelines.encode_queries import encode_judged

    index = open_index(name, profile)
    rankers = load_pushed_rankers(index, ranker)
    blind_baselines = None
    if table:
        with progress_bar("training baselines") as progress:
            blind_baselines = train_blind_baselines(FeatureTable.read(table), rankers, progress=progress)
    encoded, judgments, _ = encode_judged(index, queries, qrels)
    with progress_bar("removing modalities") as progress:
        ablation = measure(
            index,
            encoded,
            judgments,
            rankers,
            blind_baselines=blind_baselines,
            removed_fractions=removed_fraction,
            seed=seed,
            progress=progress,
        )
    if out:
        ablation.write(out)
    if as_json:
        typer.echo(json.dumps(ablation.model_dump(mode="json")))
    else:
        Console().print(ablation_table(ablation))


def _read_thresholds(assignments: list[str]) -> dict[str, float]:
    """The least mean of each measure of `--fail-below`; InputError for one that there is not, or a wrong value."""
    from ltr_plugin.evaluation.measures import MEASURES

    names = {name.lower(): name for name in MEASURES}
    thresholds: dict[str, float] = {}
    for assignment in assignments:
        measure, _, value = assignment.partition("=")
        name = names.get(measure.strip().lower())
        if name is None:
            raise InputError("--fail-below", f"no measure {measure!r}; there are {', '.join(MEASURES)}")
        try:
            thresholds[name] = float(value)
        except ValueError:
            thresholds[name] = math.nan
        if not 0 <= thresholds[name] <= 1:
            raise InputError("--fail-below", f"{assignment!r} has no number from 0 to 1; write such as {name}=0.45")
    return thresholds


def _latency_lines(result: "Evaluation") -> list[str]:
    """The times of searches, a line for all rankers."""
    times = [f"{name} {one.p50_ms:g} ({one.p95_ms:g})" for name, one in result.latency.items() if one.searches]
    return [f"Latency in ms from this machine, median (95th percentile): {', '.join(times)}."] if times else []


def _evaluate(
    index: "Index", queries: Path | None, qrels: Path, rankers: list[str], baseline: str | None, *, warn: bool
) -> "Evaluation":
    """The evaluation; with `warn`, what a verdict's notes say of queries seen in training is on standard error."""
    from ltr_plugin.pipelines.evaluate import evaluate

    with progress_bar("ranking queries") as progress:
        result = evaluate(index, rankers, queries, qrels, baseline=baseline, progress=progress)
    print_failed_queries(result.failed)
    for ranker, count in result.seen.items() if warn else ():
        seen = f"{ranker} was trained with {count} or more of these {counted(len(result.encoded), 'query')}"
        typer.echo(f"ltr: {seen}, so its numbers are too good; evaluate with queries that it has not seen", err=True)
    return result
