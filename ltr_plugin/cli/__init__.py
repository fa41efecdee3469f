"""The `ltr` command: a module for each verb or group of verbs; heavy libraries are imported when a verb runs."""

import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import typer

from ltr_plugin.cli import (
    catalog,
    encoder,
    evaluate,
    features,
    index,
    node,
    profile,
    ranker,
    rules,
    search,
    serve,
    train,
    worker,
)
from ltr_plugin.cli import demo as demo_verb
from ltr_plugin.cli import doctor as doctor_verb
from ltr_plugin.cli.terminal.group import INTERRUPTED, VerbGroup, verb_group
from ltr_plugin.errors import LtrError
from ltr_plugin.extras import EXTRA_OF, missing_module

VERBS: Mapping[str, typer.Typer | Callable[..., None]] = {
    "catalog": catalog.app,
    "index": index.app,
    "profile": profile.app,
    "features": features.app,
    "train": train.app,
    "ranker": ranker.app,
    "rules": rules.app,
    "search": search.search,
    "serve": serve.serve,
    "evaluate": evaluate.evaluate,
    "report": evaluate.report,
    "explain": search.explain,
    "tune": train.tune,
    "ablate": evaluate.ablate,
    "encoder": encoder.app,
    "worker": worker.worker,
    "node": node.app,
    "demo": demo_verb.demo,
    "doctor": doctor_verb.doctor,
}
"""All verbs and groups of verbs, in the order in which the overview shows them."""


class RootGroup(VerbGroup):
    """The program itself."""

    renamed: ClassVar[Mapping[str, str]] = {
        "push": "ltr ranker push",
        "promote": "ltr ranker promote",
        "rollback": "ltr ranker rollback",
    }

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - click's context
        """The verbs in their order; Typer lists groups last."""
        return list(VERBS)


app = verb_group(
    "Multimodal learning to rank for OpenSearch and Elasticsearch.", RootGroup, continuing=("tune", "demo")
)
for _name, _verb in VERBS.items():
    if isinstance(_verb, typer.Typer):
        app.add_typer(_verb, name=_name)
    else:
        app.command(_name)(_verb)


def main() -> None:
    """Runs a command. Exit codes: 0 done, 1 something failed, 2 wrong input or usage, 130 interrupted."""
    signal.signal(signal.SIGINT, _interrupt)
    try:
        app()
    except LtrError as error:
        _exit(str(error), error.exit_code)
    except ModuleNotFoundError as error:
        if not error.name or error.name.partition(".")[0] not in EXTRA_OF:
            raise
        _exit(missing_module(error.name, "this command"), 1)
    except OSError as error:
        path = f" ({error.filename})" if error.filename else ""
        _exit(f"{error.strerror or error}{path}; check the free disk space and the permissions", 1)
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        _exit("interrupted", INTERRUPTED)


def _interrupt(*_: object) -> None:
    """Says at once that Ctrl-C was seen: a worker may need seconds to finish what it does."""
    print("\nltr: stopping", file=sys.stderr)
    raise KeyboardInterrupt


def _exit(message: str, code: int) -> None:
    print(f"ltr: {message}", file=sys.stderr)
    sys.exit(code)
