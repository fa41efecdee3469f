"""The table of `benchmarks/embed.py`, and its numbers for machines."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"

WAYS = ("library", "bare", "beside", "worker", "loop")
"""In the order of a round and of the table's columns."""


def device() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def write(report: dict[str, Any]) -> None:
    def lines() -> Iterator[str]:
        encoding = report["encoder_cores"]
        apart = f", encoding on {encoding} of them" if encoding else ""
        apart += f", {report['workers']} workers" if report["workers"] > 1 else ""
        apart += ", the cluster on the others" if report["node_apart"] else ""
        yield f"# Making vectors on {report['cores']} cores{apart}, {report['device']}\n"
        yield f"    ltr node start && {report['command']}\n"
        yield (
            "| | encoder | library | bare | beside writes | worker | plain loop | worker / library | worker / bare "
            "| worker / beside writes | worker / loop | bare encoding | beside writes | worker |"
        )
        yield "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
        for row in report["jobs"]:
            rates = " | ".join(f"{row[f'{way}_a_second']:,} /s" for way in WAYS)
            ratios = " | ".join(f"{row[f'worker_to_{way}']:.2f}" for way in WAYS if way != "worker")
            shares = " | ".join(f"{row[f'{way}_at_work']:.0%}" for way in WAYS[1:4])
            yield f"| {row['products']:,} {row['unit']} | {row['encoder']} | {rates} | {ratios} | {shares} |"
        yield (
            "\nlibrary: the model on ready tensors as its library calls it; bare: this project's encoder on the same "
            "tensors; beside writes: the same task by task, while the cluster takes a worker's reads and writes; "
            "worker and loop: from the products without vectors to the last vector being searchable, the opening and "
            "preparing of media included. Encoding: the share of the time in which the encoder's threads had a core, "
            "or in which the GPU ran anything; bare makes its tokens before it encodes."
        )
        if report["decoding"]:
            threads = ", ".join(f"{rate:,} with {count}" for count, rate in report["decoding"].items())
            yield f"\nPhotos a second that are opened and prepared, by threads: {threads}."
        if memory := report["memory"]:
            yield (
                f"\nThe worker's memory: {memory['before_mb']:,} MB before, at most "
                f"{memory['peak_after_a_tenth_mb']:,} MB after {memory['products'] // 10:,} further products and "
                f"{memory['peak_mb']:,} MB after {memory['products']:,} more."
            )

    text = "\n".join(lines()) + "\n"
    # what was run in part does not take the place of the whole
    part = [] if report["only"] is None else report["only"] or ["memory"]
    ways = {"gpu": report["device"] != "cpu", "apart": report["encoder_cores"], "workers": report["workers"] > 1}
    name = "_".join(["embed", *(way for way, there in ways.items() if there), *part])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text(text)
    print(text)
