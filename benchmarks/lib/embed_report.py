"""The report of `benchmarks.run.embed` as JSON and as a table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.lib.script import markdown_row, write_result

WAYS = ("library", "bare", "beside", "worker", "loop")
"""In the order of a round and of the table's columns."""
HEAD = (
    "",
    "encoder",
    *("library", "bare", "beside writes", "worker", "plain loop"),
    *("worker / library", "worker / bare", "worker / beside writes", "worker / loop"),
    *("bare encoding", "beside writes", "worker"),
)
LEGEND = (
    "library: the model on ready tensors as its library calls it; bare: this project's encoder on the same tensors; "
    "beside writes: the same task by task, while the cluster takes a worker's reads and writes; worker and loop: from "
    "products without vectors to the last vector being searchable, opening and preparing of media included. Encoding: "
    "the share of the time in which the encoder's threads had a core, or in which the GPU ran anything; bare tokenizes "
    "before it encodes."
)


def device() -> str:
    """The GPU's name, or cpu."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def write(out: Path, report: dict[str, Any]) -> None:
    """Writes the results under a name that says what was run, so that a partial run never replaces the full one."""
    part = [] if report["only"] is None else report["only"] or ["memory"]
    ways = {"gpu": report["device"] != "cpu", "apart": report["encoder_cores"], "workers": report["workers"] > 1}
    name = "_".join(["embed", *(way for way, there in ways.items() if there), *part])
    write_result(out, name, report, "\n".join(_page(report)))


def _page(report: dict[str, Any]) -> Iterator[str]:
    encoding = report["encoder_cores"]
    apart = f", encoding on {encoding} of them" if encoding else ""
    apart += f", {report['workers']} workers" if report["workers"] > 1 else ""
    apart += ", the cluster on the others" if report["node_apart"] else ""
    yield f"# Making vectors on {report['cores']} cores{apart}, {report['device']}\n"
    yield f"    ltr node start && {report['command']}"
    if report["jobs"]:
        yield "\n" + markdown_row(HEAD)
        yield "|" + "---|" * len(HEAD)
        for row in report["jobs"]:
            rates = (f"{row[f'{way}_a_second']:,} /s" for way in WAYS)
            ratios = (f"{row[f'worker_to_{way}']:.2f}" for way in WAYS if way != "worker")
            shares = (f"{row[f'{way}_at_work']:.0%}" for way in WAYS[1:4])
            yield markdown_row([f"{row['products']:,} {row['unit']}", row["encoder"], *rates, *ratios, *shares])
        yield f"\n{LEGEND}"
    if report["decoding"]:
        threads = ", ".join(f"{rate:,} with {count}" for count, rate in report["decoding"].items())
        yield f"\nPhotos opened and prepared per second, by threads: {threads}."
    if memory := report["memory"]:
        yield (
            f"\nMemory of the worker: {memory['before_mb']:,} MB before, at most "
            f"{memory['peak_after_a_tenth_mb']:,} MB after {memory['products'] // 10:,} products and "
            f"{memory['peak_mb']:,} MB after {memory['products']:,} more."
        )
