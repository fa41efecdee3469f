"""A feed into a catalog: products as lines of JSON, and every mistake with its line and column."""

import gzip
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from ltr_plugin.catalog.product_types import product_types
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.errors import MAX_REPORTED, InputError, Problem, ProblemLog
from ltr_plugin.feeds.amounts import NumberForm
from ltr_plugin.feeds.assembly import Assembler
from ltr_plugin.feeds.feed import Feed
from ltr_plugin.feeds.grouping import group_records
from ltr_plugin.feeds.mapping import declared_types
from ltr_plugin.feeds.records import location
from ltr_plugin.feeds.row import Reading
from ltr_plugin.feeds.seen import SeenTexts
from ltr_plugin.files import move_into_place
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.validation import shorten

_SHOWN_EVERY = 1_000


@dataclass(frozen=True)
class Conversion:
    """What became of a feed: products, those the shop hides by why it does, and the problems of the others."""

    products: int
    hidden: Counter[str]
    problems: ProblemLog


def read_products(
    feed: Feed,
    problems: ProblemLog,
    *,
    schema: CatalogSchema | None = None,
    today: date | None = None,
    update: bool = False,
    on_hidden: Callable[[str], None] = lambda _: None,
) -> Iterator[dict[str, Any]]:
    """The products of a feed as JSON has them, or with `update` new values of some fields of theirs; those that are
    wrong are problems instead.

    `schema` declares fields of theirs. Reduced prices count if they do `today`.
    """
    mapping = feed.form.mapping
    numbers = NumberForm(feed.decimal, mapping.dates, mapping.currency or "")
    reading = Reading(numbers, today or datetime.now(UTC).date(), declared_types(schema))
    types = product_types(schema or CatalogSchema())
    assembler = Assembler(feed.form, reading, types.update if update else types.product)
    seen = SeenTexts()
    for group in group_records(feed.form, feed.read, feed.columns, problems):
        records = group.records
        if reason := feed.form.hidden_as(records[0]):
            on_hidden(reason)
            continue
        records = list(records[:1]) + [one for one in records[1:] if not feed.form.hidden_as(one)]
        product, wrong = assembler.product(records, group.id)
        line = records[0].line
        id_ = product.get("id")
        first = seen.add(id_, line) if isinstance(id_, str) and id_ else None
        if first is not None:
            column = next((column for column, _ in records[0].values if _is_id(feed, column)), "")
            wrong.append(Problem(location(line, column), f"{shorten(id_)} is the id of line {first} too"))
        for problem in wrong:
            problems.add(problem)
        if not wrong and not (update and product.keys() == {"id"}):
            yield product


def check_feed(feed: Feed, limit: int, **options: Any) -> Conversion:  # noqa: ANN401 - those of read_products
    """What a conversion would say, with up to `limit` problems."""
    problems = ProblemLog(limit)
    hidden: Counter[str] = Counter()
    products = sum(1 for _ in read_products(feed, problems, on_hidden=lambda why: hidden.update([why]), **options))
    return Conversion(products, hidden, problems)


def convert_feed(
    feed: Feed,
    out: Path,
    *,
    skip_invalid: bool = False,
    progress: Progress = no_progress,
    **options: Any,  # noqa: ANN401 - those of read_products
) -> Conversion:
    """Writes the products of a feed as JSON Lines, gzip-compressed if the name ends in `.gz`.

    The file is written beside `out` and then renamed. InputError lists what is wrong with the feed, and nothing is
    written then, unless `skip_invalid`.
    """
    problems = ProblemLog(MAX_REPORTED)
    hidden: Counter[str] = Counter()
    products = 0
    with _written(out) as file:
        for product in read_products(feed, problems, on_hidden=lambda why: hidden.update([why]), **options):
            file.write(orjson.dumps(product))
            file.write(b"\n")
            products += 1
            if products % _SHOWN_EVERY == 0:
                progress(products, 0)
        if problems and not skip_invalid:
            raise InputError(str(feed.path), problems)
    return Conversion(products, hidden, problems)


@contextmanager
def _written(out: Path) -> Iterator[BinaryIO]:
    """A file to write, which has its name when the block ends; deleted when the block raises."""
    temporary = out.with_name(f".{out.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        with temporary.open("xb") as raw:
            if out.name.endswith(".gz"):
                with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield raw
        move_into_place(temporary, out)
    except OSError as error:
        raise InputError(str(out), f"cannot be written: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _is_id(feed: Feed, column: str) -> bool:
    rule = feed.form.rule(column)
    return rule is not None and rule.to == "id"
