"""The records of each product together, wherever they are in the file, within bounded memory."""

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ltr_plugin.catalog.product import MAX_VARIANTS
from ltr_plugin.errors import Problem, ProblemLog
from ltr_plugin.feeds.forms.form import NO_PARENT, Form
from ltr_plugin.feeds.records import Record, Records, location
from ltr_plugin.feeds.seen import SeenTexts
from ltr_plugin.validation import shorten

MAX_LINES = 2 * MAX_VARIANTS
"""Records of one product: its variants, and lines with photos alone."""


class Group(NamedTuple):
    """The records of a product, and its id where they are its variants."""

    records: list[Record]
    id: str = ""


Read = Callable[[ProblemLog], Records]
"""Reads a feed from its beginning, and notes the lines that are no records."""


def group_records(form: Form, read: Read, columns: Sequence[str] | None, problems: ProblemLog) -> Iterator[Group]:
    """The records of each product. `columns` are those of the feed, None where it is not known before it is read.

    A feed with groups is read two times: of products whose records are not together in the file, the records are kept
    in a temporary file meanwhile, and the products come last.
    """
    if form.has_parents:
        with _kept_records() as kept:
            yield from _by_parent(form, read, problems, kept)
    elif form.has_groups(columns):
        with _kept_records() as kept:
            yield from _by_group(form, read, problems, kept)
    else:
        for record in read(problems):
            yield Group([record])


def _apart(form: Form, records: Records) -> SeenTexts:
    """The products whose records are not together."""
    seen, apart, current = SeenTexts(), SeenTexts(), ""
    for record in records:
        key = form.group(record) or form.id(record)
        if key and key != current and seen.add(key, record.line) is not None:
            apart.add(key, record.line)
        current = key
    return apart


def _by_group(form: Form, read: Read, problems: ProblemLog, kept: "_KeptRecords") -> Iterator[Group]:
    apart = _apart(form, read(ProblemLog(0)))
    run: list[Record] = []
    current = ""
    for record in read(problems):
        key = form.group(record) or form.id(record)
        if key and apart.get(key) is not None:
            kept.add(key, record)
            continue
        if key != current or not key:
            yield from _products(form, run, current, problems)
            run, current = [], key
        if len(run) <= MAX_LINES:
            run.append(record)
    yield from _products(form, run, current, problems)
    for key, records in kept.groups():
        yield from _products(form, records, key, problems)


def _products(form: Form, records: list[Record], key: str, problems: ProblemLog) -> Iterator[Group]:
    """The product of these records; those that are in no group are products of their own, but for the first one."""
    members = [record for record in records if form.group(record)]
    others = records if not members else [record for record in records if not form.group(record)]
    if len(records) > MAX_LINES:
        problems.add(_too_many(records[0], key))
        return
    if members:
        yield Group(sorted([*members, *others[:1]]), key if form.lines_are_variants else "")
        others = others[1:]
    for record in others:
        yield Group([record])


def _by_parent(form: Form, read: Read, problems: ProblemLog, kept: "_KeptRecords") -> Iterator[Group]:
    for record in read(ProblemLog(0)):
        if parent := form.parent(record):
            kept.add(parent, record)
    for record in read(problems):
        if form.parent(record):
            continue
        names = form.names(record)
        variants = [one for name in names for one in kept.take(name)]
        if len(variants) > MAX_LINES:
            problems.add(_too_many(record, names[0]))
            continue
        yield Group([record, *variants])
    for key, records in kept.groups():
        wrong = f"no product has the SKU or ID {shorten(key)}"
        wrong = "is empty, so it is not known whose variation this is" if key == NO_PARENT else wrong
        for record in records:
            problems.add(Problem(location(record.line, "Parent"), wrong))


def _too_many(record: Record, key: str) -> Problem:
    return Problem(location(record.line), f"more than {MAX_LINES:,} lines are of the product {shorten(key)}")


class _KeptRecords:
    """Records by a key, in a database in a file."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("CREATE TABLE record (key TEXT, line INTEGER, cells TEXT)")
        self._db.execute("BEGIN")
        self._indexed = False
        self._empty = True

    def add(self, key: str, record: Record) -> None:
        """Keeps a record."""
        self._empty = False
        self._db.execute("INSERT INTO record VALUES (?, ?, ?)", (key, record.line, json.dumps(record.values)))

    def take(self, key: str) -> list[Record]:
        """The records of a key in their order, which are kept no longer: at most MAX_LINES + 1."""
        if self._empty:
            return []
        self._index()
        query = "SELECT line, cells FROM record WHERE key = ? ORDER BY line LIMIT ?"
        records = [_record(*row) for row in self._db.execute(query, (key, MAX_LINES + 1))]
        if records:
            self._db.execute("DELETE FROM record WHERE key = ?", (key,))
        return records

    def groups(self) -> Iterator[tuple[str, list[Record]]]:
        """What is kept, by key, in the order of the first lines; of each at most MAX_LINES + 1 records."""
        self._index()
        query = "SELECT key FROM record GROUP BY key ORDER BY min(line)"
        for (key,) in self._db.execute(query):
            rows = self._db.execute(
                "SELECT line, cells FROM record WHERE key = ? ORDER BY line LIMIT ?", (key, MAX_LINES + 1)
            )
            yield key, [_record(*row) for row in rows]

    def close(self) -> None:
        """Closes the database."""
        self._db.close()

    def _index(self) -> None:
        if not self._indexed:
            self._db.execute("CREATE INDEX by_key ON record (key, line)")
            self._indexed = True


@contextmanager
def _kept_records() -> Iterator[_KeptRecords]:
    with tempfile.TemporaryDirectory(prefix="ltr-feed-") as folder:
        kept = _KeptRecords(Path(folder) / "records.db")
        try:
            yield kept
        finally:
            kept.close()


def _record(line: int, cells: str) -> Record:
    return Record(line, [(column, text) for column, text in json.loads(cells)])
