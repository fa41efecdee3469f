"""Writes the parts of the README and the pages that are made from the code and the results of benchmarks.

A part stands between `<!-- from EXPRESSION -->` and `<!-- end -->`, so that pages read the same on a code host and on
the site. The expression calls a function of `measurements.py` or `reference.py`.
"""

import re
import sys
from pathlib import Path

from jinja2 import Environment, StrictUndefined

sys.path.insert(0, str(Path(__file__).parent))

import measurements
import reference

ROOT = Path(__file__).parents[1]
_PART = re.compile(r"(<!-- from (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(text: str) -> str:
    """The page with its parts written anew."""
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - Markdown, no HTML
    names = {
        name: getattr(module, name) for module in (measurements, reference) for name in dir(module) if name[0] != "_"
    }

    def part(match: re.Match[str]) -> str:
        content = environment.compile_expression(match[2], undefined_to_none=False)(**names)
        return f"{match[1]}\n{content.strip()}\n\n{match[3]}"

    return _PART.sub(part, text)


def pages() -> list[Path]:
    """The README and all pages."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


if __name__ == "__main__":
    for page in pages():
        page.write_text(fill(page.read_text("utf-8")), "utf-8")
