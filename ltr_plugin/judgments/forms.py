"""The forms of files of judgments: TREC qrels, Quepid's CSV, and the JSON of the Search Relevance Workbench."""

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, StringConstraints, ValidationError

from ltr_plugin.errors import Problem, ProblemLog
from ltr_plugin.files import decode_line, open_lines, read_text
from ltr_plugin.unicode import nfc
from ltr_plugin.validation import parse_json, problems_of, shorten

MAX_GRADE = 30
"""LightGBM stores the gain 2**grade - 1 as a 32-bit integer."""

MAX_TEXT_ID = 128
"""Characters of an id that is made of a query's text; that of a longer text is a digest."""

_GRADE = re.compile(r"([0-9]{1,9})(?:\.0*)?")
_CSV_COLUMNS = {"docid", "rating"}
"""Columns that a CSV has in any case; the query is in `query` (its text) or `qid` (its id), or both."""


@dataclass(frozen=True)
class Judgment:
    """One judgment, and the `location` where it stands. `text` is the query's, where the file has it."""

    location: str
    query: str
    product: str
    grade: int
    text: str | None = None


def read_judgments(path: Path, problems: ProblemLog) -> Iterator[Judgment]:
    """The judgments of a file in any of the forms, which its first line tells; what is wrong goes to `problems`.

    InputError when the file cannot be read, or is not JSON where it begins so.
    """
    with open_lines(path) as lines:
        before: list[bytes] = []
        first = b""
        while not first.strip() and (line := next(lines, None)) is not None:
            before.append(line)
            first = line
        if first.lstrip()[:1] in (b"{", b"["):
            yield from _workbench(parse_json(read_text(path), source=str(path)), problems)
            return
        text = chain(before, lines)
        yield from (_csv if _is_csv(first.decode(errors="replace")) else _trec)(text, problems)


def text_id(text: str) -> str:
    """The id of a query that is known by its text alone: the text with `_` for blanks, different for each text."""
    id_ = re.sub(r"[%_\x00-\x1f\x7f]", lambda found: f"%{ord(found[0]):02X}", squeeze(text)).replace(" ", "_")
    return id_ if len(id_) <= MAX_TEXT_ID else hashlib.blake2b(id_.encode(), digest_size=16).hexdigest()


def squeeze(text: str) -> str:
    """A query's text in NFC with single blanks, by which texts are compared."""
    return " ".join(nfc(text).split())


def _grade(value: object) -> int:
    """A grade as a file has it, such as 3, "3" or "3.000"; ValueError for any other than 0 to MAX_GRADE."""
    found = None if isinstance(value, bool) else _GRADE.fullmatch(str(value).strip()[:100])
    if not found or int(found[1]) > MAX_GRADE:
        raise ValueError(f"grade {shorten(value)} is not a whole number from 0 to {MAX_GRADE}")
    return int(found[1])


def _trec(lines: Iterator[bytes], problems: ProblemLog) -> Iterator[Judgment]:
    for number, line in enumerate(lines, start=1):
        location = f"line {number}"
        try:
            text = decode_line(line)
            columns = text.split()
            if not columns:
                continue
            if len(columns) != 4:
                raise ValueError(f"{len(columns)} columns, not the 4 of `query 0 product grade`: {shorten(text)}")
            query, _, product, grade = columns
            yield Judgment(location, query, product, _grade(grade))
        except ValueError as error:
            problems.add(Problem(location, str(error)))


def _column_names(line: str) -> list[str]:
    return [name.strip().lower() for name in next(csv.reader([line], skipinitialspace=True), [])]


def _is_csv(line: str) -> bool:
    """Whether a first line is that of a CSV, be it one without the columns that are needed."""
    return _CSV_COLUMNS.issubset(_column_names(line)) or ("," in line and len(line.split()) != 4)


def _csv(lines: Iterator[bytes], problems: ProblemLog) -> Iterator[Judgment]:
    rows = csv.reader(_decoded(lines, problems), skipinitialspace=True, strict=True)
    names: list[str] = []
    while True:
        location = f"line {rows.line_num + 1}"
        try:
            row = [cell.strip() for cell in next(rows)]
            if not any(row):
                continue
            if names:
                judgment = _csv_judgment(location, names, row)
                if judgment:
                    yield judgment
                continue
            names = [name.lower() for name in row]
            if missing := _missing_columns(names):
                columns = f"a CSV of judgments has query, docid and rating, not {', '.join(names)}"
                problems.add(Problem(location, f"no column {missing}; {columns}"))
                return
        except StopIteration:
            return
        except (ValueError, csv.Error) as error:
            problems.add(Problem(location, str(error)))


def _decoded(lines: Iterator[bytes], problems: ProblemLog) -> Iterator[str]:
    """The lines as text; an empty one for each that is none, so that their numbers stay."""
    for number, line in enumerate(lines, start=1):
        try:
            yield decode_line(line) + "\n"
        except ValueError as error:
            problems.add(Problem(f"line {number}", str(error)))
            yield "\n"


def _missing_columns(names: Sequence[str]) -> str:
    query = [] if {"query", "qid"} & set(names) else ["query or qid"]
    return ", ".join([*query, *sorted(_CSV_COLUMNS - set(names))])


def _csv_judgment(location: str, names: Sequence[str], cells: Sequence[str]) -> Judgment | None:
    """The judgment of a row; None for one without a rating: Quepid lists queries that nobody rated."""
    if len(cells) > len(names):
        raise ValueError("more columns than the first line names; write a value that has a comma in quotes")
    row = dict(zip(names, cells, strict=False))
    product, rating, text, query = (row.get(name, "") for name in ("docid", "rating", "query", "qid"))
    if not rating:
        return None
    for value, name in ((product, "docid"), (text or query, "query")):
        if not value:
            raise ValueError(f"no {name}")
    if len(query.split()) > 1:
        raise ValueError(f"qid {shorten(query)} has blanks")
    return Judgment(location, query or text_id(text), product, _grade(rating), squeeze(text) or None)


_Filled = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Rating(BaseModel):
    docId: _Filled  # noqa: N815 - the Workbench's name
    rating: Annotated[int, BeforeValidator(_grade)]


class _RatedQuery(BaseModel):
    query: _Filled
    ratings: list[Any]


def _workbench(value: Any, problems: ProblemLog) -> Iterator[Judgment]:  # noqa: ANN401 - any JSON
    """The judgments of a judgment list, as it is imported or as the Workbench's API returns it."""
    for start, queries in _judgment_ratings(value, problems):
        for position, entry in enumerate(queries):
            location = f"{start}[{position}]"
            try:
                query = _RatedQuery.model_validate(entry)
            except ValidationError as error:
                _add(problems, location, error)
                continue
            text = squeeze(query.query)
            for number, one in enumerate(query.ratings):
                place = f"{location}.ratings[{number}]"
                try:
                    rating = _Rating.model_validate(one)
                    yield Judgment(place, text_id(text), rating.docId, rating.rating, text)
                except ValidationError as error:
                    _add(problems, place, error)


def _judgment_ratings(value: Any, problems: ProblemLog) -> Iterator[tuple[str, list[Any]]]:  # noqa: ANN401 - any JSON
    """Each list of rated queries with its path."""
    lists = [("$", value)]
    if isinstance(value, dict) and isinstance(value.get("hits"), dict) and isinstance(value["hits"].get("hits"), list):
        hits = value["hits"]["hits"]
        lists = [
            (f"$.hits.hits[{number}]._source", hit.get("_source") if isinstance(hit, dict) else None)
            for number, hit in enumerate(hits)
        ]
    for path, one in lists:
        ratings = one.get("judgmentRatings") if isinstance(one, dict) else None
        if not isinstance(ratings, list):
            problems.add(Problem(f"{path}.judgmentRatings", "is no list of rated queries"))
            continue
        yield f"{path}.judgmentRatings", ratings


def _add(problems: ProblemLog, location: str, error: ValidationError) -> None:
    for problem in problems_of(error):
        problems.add(Problem(location + problem.location.removeprefix("$"), problem.message))
