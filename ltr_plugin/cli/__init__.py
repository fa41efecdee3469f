"""The `ltr` command: one small file a verb; nothing heavy is imported before a verb runs."""

import sys

import typer

from ltr_plugin.cli import (
    ablate,
    encoder,
    evaluate,
    explain,
    features,
    index,
    node,
    promote,
    push,
    report,
    search,
    train,
    tune,
    worker,
)
from ltr_plugin.cli import demo as demo_verb
from ltr_plugin.errors import LtrError
from ltr_plugin.extras import EXTRA_OF, missing_module

app = typer.Typer(
    help="Multimodal learning to rank for OpenSearch and Elasticsearch.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(node.app, name="node")
app.command("index")(index.index)
app.add_typer(encoder.app, name="encoder")
app.command("worker")(worker.worker)
app.add_typer(features.app, name="features")
app.add_typer(train.app, name="train")
app.command("tune")(tune.tune)
app.command("push")(push.push)
app.command("promote")(promote.promote)
app.command("rollback")(promote.rollback)
app.command("search")(search.search)
app.command("explain")(explain.explain)
app.command("evaluate")(evaluate.evaluate)
app.command("ablate")(ablate.ablate)
app.command("report")(report.report)
app.command("demo")(demo_verb.demo)


INTERRUPTED = 130
"""What Typer exits with at Ctrl-C."""


def main() -> None:
    """Runs a command. Exit codes: 0 done, 1 something failed, 2 wrong input or usage, 130 interrupted."""
    try:
        app()
    except LtrError as error:
        print(f"ltr: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        if error.name not in EXTRA_OF:
            raise
        print(f"ltr: {missing_module(error.name, 'this command')}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        print(f"ltr: {error.strerror or error}{place}; is there room, and may this user write there?", file=sys.stderr)
        sys.exit(1)
    except (KeyboardInterrupt, SystemExit) as ended:
        if isinstance(ended, SystemExit) and ended.code != INTERRUPTED:
            raise
        print("ltr: interrupted; the same command goes on where it stopped", file=sys.stderr)
        sys.exit(INTERRUPTED)
