"""What commands do with feeds: convert them, into a file or for one command, check them, and draft a mapping."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ltr_plugin.cli.terminal.new_file import require_new, write_new
from ltr_plugin.cli.terminal.output import exit_if, print_problems, print_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.errors import MAX_LISTED, InputError, ProblemLog, counted

if TYPE_CHECKING:
    from ltr_plugin.catalog.schema import CatalogSchema
    from ltr_plugin.feeds.convert import Conversion
    from ltr_plugin.feeds.feed import Feed


@contextmanager
def as_catalog(
    file: Path,
    mapping: Path | None,
    schema: "Callable[[], CatalogSchema | None]",
    *,
    update: bool,
    prune: bool,
    skip_invalid: bool,
) -> Iterator[tuple[Path, ProblemLog]]:
    """The catalog in a file: the file itself, or a temporary one for a feed, with the problems that were skipped.

    InputError lists what is wrong with a feed, unless `skip_invalid`; with `prune` always, because of a product that
    cannot be read it is not known whether it is there. `schema` gives that of the products.
    """
    from ltr_plugin.feeds.convert import convert_feed

    if not _is_feed(file, mapping):
        yield file, ProblemLog()
        return
    if update and not mapping:
        raise InputError(str(file), "is a feed; name a --mapping FILE, whose columns are those to update")
    stated = schema()
    feed = _open(file, None, mapping, stated, update=update)
    with tempfile.TemporaryDirectory(prefix="ltr-feed-") as folder:
        catalog = Path(folder) / f"{file.name}.jsonl"
        with progress_bar("reading the feed") as progress:
            done = convert_feed(
                feed, catalog, schema=stated, update=update, skip_invalid=skip_invalid and not prune, progress=progress
            )
        _say_hidden(done)
        print_problems(done.problems)
        yield catalog, done.problems


def check_catalog(file: Path, mapping: Path | None, schema: "CatalogSchema | None") -> tuple[int, ProblemLog]:
    """The number of good products in a catalog or feed, and what is wrong with the others."""
    from ltr_plugin.catalog.product_types import STANDARD, product_types
    from ltr_plugin.feeds.convert import check_feed
    from ltr_plugin.jsonlines import JsonLines

    if not _is_feed(file, mapping):
        return JsonLines(file, (product_types(schema) if schema else STANDARD).entry).check()
    done = check_feed(_open(file, None, mapping, schema), MAX_LISTED, schema=schema)
    _say_hidden(done)
    return done.products, done.problems


def convert_to(
    file: Path,
    out: Path,
    form: str | None,
    mapping: Path | None,
    schema: "CatalogSchema | None",
    *,
    skip_invalid: bool,
    as_json: bool,
) -> None:
    """Converts a feed into a catalog file, and says what became of it."""
    from ltr_plugin.feeds.convert import convert_feed

    feed = _open(file, form, mapping, schema)
    with progress_bar("reading the feed") as progress:
        done = convert_feed(feed, out, schema=schema, skip_invalid=skip_invalid, progress=progress)
    _say_hidden(done)
    print_problems(done.problems)
    facts = {
        "file": str(out), "form": feed.form.name, "products": done.products, "hidden": done.hidden.total(),
        "problems": [str(problem) for problem in done.problems],
    }  # fmt: skip
    text = f"{out}: {counted(done.products, 'product')}"
    text += f", {counted(len(done.problems), 'mistake')}" if done.problems else ""
    print_result(facts, text, as_json=as_json)
    exit_if(done.problems)


def write_mapping(file: Path, out: Path, form: str | None, schema: "CatalogSchema | None") -> None:
    """Writes the first mapping of a feed into a file that must not be there yet."""
    from ltr_plugin.feeds.draft import draft_mapping

    require_new(out, "--init")
    command = f"ltr catalog convert {file} --mapping {out} --out catalog.jsonl"
    write_new(out, draft_mapping(_open(file, form, None, schema, require_parts=False), command), "--init")


def _is_feed(file: Path, mapping: Path | None) -> bool:
    """Whether a file is a feed and no JSON Lines; InputError for the latter with a mapping."""
    from ltr_plugin.feeds.feed import is_feed

    if (feed := is_feed(file)) or not mapping:
        return feed
    raise InputError("--mapping", f"is for feeds, and {file} is JSON Lines")


def _open(
    file: Path,
    form: str | None,
    mapping: Path | None,
    schema: "CatalogSchema | None",
    *,
    require_parts: bool = True,
    update: bool = False,
) -> "Feed":
    """The feed in a file; what was recognised of it is printed on standard error."""
    from ltr_plugin.feeds.feed import Feed
    from ltr_plugin.feeds.mapping import FORMS, NO_MAPPING, declared_types, read_mapping

    known = next((one for one in FORMS if one == form), None)
    if form and not known:
        raise InputError("--form", f"there is no form {form!r}; write one of {', '.join(FORMS)}")
    declared = declared_types(schema)
    stated = read_mapping(mapping, declared) if mapping else NO_MAPPING
    feed = Feed.open(
        file, known, stated, declared=declared, source=str(mapping), require_parts=require_parts, update=update
    )
    typer.echo(f"{file}: {'; '.join(feed.notes)}", err=True)
    return feed


def _say_hidden(done: "Conversion") -> None:
    if done.hidden:
        why = ", ".join(f"{number} {reason}" for reason, number in done.hidden.most_common())
        typer.echo(f"left out {counted(done.hidden.total(), 'product')} that the shop hides: {why}", err=True)
