"""The `ltr` command as a child process, and a small shop of words to run it on."""

import os
import subprocess
import sys

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


def ltr(*arguments, cwd=None, **environment):
    """(exit code, standard output, standard error) of a command; code 0 and no traceback unless asked otherwise."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("OPENSEARCH_", "LTR_"))}
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
