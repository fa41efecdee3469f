"""`ltr demo`: the whole way, from a catalog to rankers side by side."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder with catalog.jsonl, queries.{train,test}.jsonl, qrels.txt (default: a shop made here)"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for what it makes (default: demo, in the run folder).")
    ] = None,
    products: Annotated[int, typer.Option(min=600, help="Size of the shop that is made here.")] = 800,
    encoder_minutes: Annotated[float, typer.Option(min=0.1, help="How long to train the photo encoder.")] = 3.0,
    sound_minutes: Annotated[float, typer.Option(min=0.1, help="How long to train the sound encoder.")] = 1.0,
    image_size: Annotated[int, typer.Option(min=32, help="Side of a photo as the encoder sees it, in pixels.")] = 64,
    keep_node: Annotated[bool, typer.Option(help="Leave the node running, to search by hand.")] = False,
) -> None:
    """Index a catalog, train an encoder and rankers, prove them in the cluster, and compare them with BM25."""
    from rich.console import Console

    from ltr_plugin.cli.progress_bar import progress_bar
    from ltr_plugin.extras import require_module

    require_module("prometheus_client", "the demo")  # which comes with `workers`, as all that the demo needs
    from ltr_plugin.demo.run import run_demo
    from ltr_plugin.queries.query import INPUT_MODES
    from ltr_plugin.settings import Settings

    settings = Settings.from_env()
    report = run_demo(
        settings,
        out or settings.runs / "demo",
        progress_bar=progress_bar,
        data=data,
        products=products,
        encoder_minutes=encoder_minutes,
        sound_minutes=sound_minutes,
        image_size=image_size,
        keep_node=keep_node,
    )
    console = Console()
    console.print(report.comparison.full.to_summary(INPUT_MODES))
    for name, parity in report.parity.items():
        console.print(f"{name}: {parity}", highlight=False)
    console.print(f"report: {report.html_path} (its numbers: {report.json_path})", highlight=False)
