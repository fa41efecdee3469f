"""MkDocs hooks: pages may hold Jinja expressions, which have the measurements, the settings and the command line."""

import sys
from pathlib import Path

from jinja2 import Environment, StrictUndefined

sys.path.insert(0, str(Path(__file__).parent))

import measurements
import reference

PAGES = {
    "index.md",
    "api.md",
    "measurements.md",
    "settings.md",
    "command-line.md",
    "feature-sets.md",
    "workers.md",
    "catalogs.md",
}
"""Pages that are rendered; the others show braces as they stand."""


def on_page_markdown(markdown: str, *, page, **_) -> str:  # noqa: ANN001, ANN003 - MkDocs' own types
    """The page with its expressions replaced; a name that is not known fails the build."""
    if page.file.src_uri not in PAGES:
        return markdown
    environment = Environment(undefined=StrictUndefined, autoescape=False, comment_start_string="{##")  # noqa: S701
    names = {
        name: getattr(module, name) for module in (measurements, reference) for name in dir(module) if name[0] != "_"
    }
    return environment.from_string(markdown).render(**names)
