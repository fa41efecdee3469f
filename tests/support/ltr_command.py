"""The `ltr` command as a child process or in this one, and a small shop of words to run it on."""

import contextlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

LTR = [sys.executable, "-c", "from ltr_plugin.cli import main; main()"]
FEATURES = {
    "name": "words_only",
    "version": 1,
    "features": [
        {"name": "title", "kind": "match", "modality": "text", "field": "title"},
        {"name": "price", "kind": "field_value", "modality": "behaviour", "field": "price"},
    ],
}
PRODUCTS = [{"id": f"p{n}", "title": f"{'red' if n % 2 else 'blue'} shoe {n}", "price": n} for n in range(30)]
QUERIES = [{"id": "q1", "text": "red shoe"}, {"id": "q2", "text": "blue shoe"}]
QRELS = [f"q{1 + (n + 1) % 2} 0 p{n} {1 + n % 3}" for n in range(20)]


def _environment():
    return {name: value for name, value in os.environ.items() if not name.startswith(("OPENSEARCH_", "LTR_"))}


def ltr_here(*arguments, cwd=None, stdin="", **environment):
    """What `ltr` gives, of a command in this process: what libraries and encoders take to load is paid once.

    An encoder whose files changed is the one that was loaded before, and a signal ends the tests: these need `ltr`.
    """
    from ltr_plugin.cli import main

    out, err, code = io.StringIO(), io.StringIO(), 0
    handler = signal.getsignal(signal.SIGINT)
    try:
        with (
            contextlib.chdir(cwd or Path.cwd()),
            patch.dict(os.environ, {**_environment(), **environment}, clear=True),
            patch.object(sys, "argv", ["ltr", *map(str, arguments)]),
            patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()))),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        signal.signal(signal.SIGINT, handler)
    return code, out.getvalue(), err.getvalue()


def ltr(*arguments, cwd=None, **environment):
    """(exit code, standard output, standard error) of a command; code 0 and no traceback unless asked otherwise."""
    env = _environment()
    done = subprocess.run(
        [*LTR, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**env, **environment},
        timeout=300,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr
