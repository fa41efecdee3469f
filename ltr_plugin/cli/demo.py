"""`ltr demo`: the whole way, from a catalog to a comparison of rankers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ltr_plugin.cli.options import DefaultOf
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.engines import EngineName

if TYPE_CHECKING:
    from ltr_plugin.demo.run import DemoReport
    from ltr_plugin.settings import Settings

RUN = "demo.run:run_demo"


def demo(
    products: Annotated[
        int,
        typer.Option(
            min=600, default_factory=DefaultOf(RUN, "products"), help="Number of products of the generated shop."
        ),
    ],
    encoder_minutes: Annotated[
        float,
        typer.Option(
            min=0.1, default_factory=DefaultOf(RUN, "encoder_minutes"), help="Minutes to fine-tune the photo encoder."
        ),
    ],
    language: Annotated[
        Literal["en", "de", "zh"],
        typer.Option(help="Language of the shop; text of another than English gets the multilingual encoder."),
    ] = "en",
    engine: Annotated[EngineName, typer.Option(help="Engine of the development node.")] = "opensearch",
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder with catalog.jsonl, queries.train.jsonl, queries.test.jsonl and qrels.txt. "
            "Default: a generated shop."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results. Default: in the run folder `demo`, with the language and the engine "
            "in the name where they are others, such as `demo-elasticsearch`."
        ),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then serve the page of the shop at http://127.0.0.1:8080 until Ctrl-C.")
    ] = False,
    keep_node: Annotated[
        bool, typer.Option("--keep-node", help="Leave the development node running, to search by hand.")
    ] = False,
) -> None:
    """Index a catalog, train encoders and rankers, check them in the cluster, and compare them with BM25."""
    from rich.console import Console

    from ltr_plugin.extras import require_module

    require_module("prometheus_client", "the demo")  # the extra `workers` brings all that the demo needs
    if serve:
        require_module("fastapi", "ltr demo --serve")
    from ltr_plugin.demo.run import run_demo
    from ltr_plugin.evaluation.terminal_tables import summary_table
    from ltr_plugin.queries.query import INPUT_MODES
    from ltr_plugin.settings import Settings

    settings = Settings.from_env()
    others = [value for value in (language, engine) if value not in ("en", "opensearch")]
    report = run_demo(
        settings,
        out or settings.runs / "-".join(["demo", *others]),
        progress_bar=progress_bar,
        data=data,
        products=products,
        encoder_minutes=encoder_minutes,
        language=language,
        engine=engine,
        keep_node=keep_node or serve,
    )
    console = Console()
    console.print(summary_table(report.comparison.full, INPUT_MODES))
    console.print(report.comparison.verdict.sentence, highlight=False)
    for name, parity in report.parity.items():
        console.print(f"{name}: {parity}", highlight=False)
    console.print(f"report: {report.html_path} (its numbers: {report.json_path})", highlight=False)
    if serve:
        _serve(settings, report, keep_node=keep_node)


def _serve(settings: "Settings", report: "DemoReport", *, keep_node: bool) -> None:
    """Serves the demo's shop; the node stops afterwards, unless it is to be kept."""
    from ltr_plugin.devnode import stop_node
    from ltr_plugin.service.configuration import ServiceOptions
    from ltr_plugin.service.running import run_service
    from ltr_plugin.speech.models import default_model

    try:
        run_service(
            ServiceOptions(index=report.index, speech_model=default_model()),
            settings.model_copy(update={"media_root": (report.media.resolve(),)}),
        )
    finally:
        if settings.cluster_url is None and not keep_node:
            stop_node(settings)
