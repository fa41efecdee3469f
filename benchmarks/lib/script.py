"""What every benchmark script shares: its arguments' parser, its command line, and the files of its results."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"


def argument_parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser with the script's docstring in its help, and `--out` for the results."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {_module()}", description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="Folder for the results (benchmarks/results).")
    return parser


def command_line() -> str:
    """The command of this run, as it is typed in the repository root."""
    return " ".join(["python", "-m", _module(), *sys.argv[1:]])


def write_result(out: Path, name: str, report: object, page: str | None = None) -> None:
    """Writes `NAME.json`, and `NAME.md` where there is a page, which is printed as well."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    if page is not None:
        (out / f"{name}.md").write_text(page.rstrip("\n") + "\n")
        print(page)


def markdown_row(cells: Iterable[object]) -> str:
    """One line of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def _module() -> str:
    return f"benchmarks.run.{Path(sys.argv[0]).stem}"
