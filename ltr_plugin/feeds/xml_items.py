"""Items of a Google Merchant Center feed in XML, RSS 2.0 or Atom, one at a time; entities of its own are refused."""

import html
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from ltr_plugin.errors import InputError, Problem, ProblemLog
from ltr_plugin.feeds.records import MAX_FIELD_CHARS, Record, Records, location
from ltr_plugin.files import open_blocks

ITEMS = ("item", "entry")
GOOGLE = "base.google.com"
"""Part of the namespaces of Google's attributes, `g:` and for the shop's own ones `c:`."""

PART = "\x1f"
"""Between the parts of a value of several, such as the section, name and value of a product detail."""

_MAX_DEPTH = 50
_SPACE = "\n"
"""Between namespace and name in what the parser reports; no name has it."""


class _RefusedError(Exception):
    """The document has something that is not read; the message says what."""


def read_items(path: Path, problems: ProblemLog) -> Records:
    """The items of a feed in order, each with the line of its start tag.

    Where the document is not well-formed, reading ends with a problem: what follows has no certain meaning. InputError
    when it declares entities, which can be made to fill the memory or to read other files.
    """
    items = _Items(problems)
    parser = expat.ParserCreate(namespace_separator=_SPACE)
    parser.buffer_text = True
    parser.UseForeignDTD(True)  # without it, entities of HTML that are not declared, such as &nbsp;, end the document
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE)
    parser.StartElementHandler = lambda name, attributes: items.start(name, attributes, parser.CurrentLineNumber)
    parser.EndElementHandler = items.end
    parser.CharacterDataHandler = items.text
    parser.SkippedEntityHandler = lambda name, _is_parameter: items.text(html.unescape(f"&{name};"))
    parser.EntityDeclHandler = _refuse_entity

    def read_external(context: str | None, _base: str | None, _system: str | None, _public: str | None) -> int:
        if context is not None:
            raise _RefusedError("refers to another file, which is not read; remove the reference")
        parser.ExternalEntityParserCreate(context).Parse(b"", True)  # the document type, which is not fetched
        return 1

    parser.ExternalEntityRefHandler = read_external
    try:
        with open_blocks(path) as blocks:
            for block in blocks:
                parser.Parse(block, False)
                yield from items.take()
        parser.Parse(b"", True)
        yield from items.take()
    except _RefusedError as error:
        raise InputError(str(path), [Problem(location(parser.CurrentLineNumber), str(error))]) from None
    except (expat.ExpatError, ValueError, LookupError) as error:
        yield from items.take()
        where = location(getattr(error, "lineno", parser.CurrentLineNumber))
        what = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else str(error)
        items.problems.add(Problem(where, f"is not well-formed XML ({what}); what follows is not read"))
    if not items.found:
        items.problems.add(
            Problem("", f"has no <{ITEMS[0]}> and no <{ITEMS[1]}>: it is no feed of products in RSS or Atom")
        )


class _Items:
    """Builds records of the events of a parser."""

    def __init__(self, problems: ProblemLog) -> None:
        self.problems = problems
        self.found = False
        self._done: list[Record] = []
        self._record: Record | None = None
        self._path: list[str] = []
        self._google: set[str] = set()
        self._texts: list[list[str]] = []
        self._chars = 0
        self._depth = 0

    def take(self) -> Iterator[Record]:
        """The records that are complete."""
        done, self._done = self._done, []
        yield from done

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _RefusedError(f"elements are nested more than {_MAX_DEPTH} deep")
        local = name.rpartition(_SPACE)[2]
        if self._record is None:
            if local in ITEMS:
                self.found = True
                self._record, self._chars, self._google = Record(line, []), 0, set()
            return
        if local == "link" and "href" in attributes:  # Atom has the address as an attribute
            self.start_text(local, GOOGLE in name, attributes["href"])
        else:
            self.start_text(local, GOOGLE in name, "")

    def start_text(self, local: str, is_google: bool, text: str) -> None:
        if is_google and len(self._path) == 0:
            self._google.add(local)
        self._path.append(local if is_google or self._path else f"\0{local}")
        self._texts.append([text])

    def text(self, text: str) -> None:
        if self._texts and self._record is not None:
            self._chars += len(text)
            if self._chars <= MAX_FIELD_CHARS:
                self._texts[-1].append(text)

    def end(self, _name: str) -> None:
        self._depth -= 1
        if self._record is None:
            return
        if not self._path:
            self._complete(self._record)
            self._record = None
            return
        column, text = self._path.pop(), "".join(self._texts.pop()).strip()
        if self._path:  # of a value of several parts, they are joined in their order
            self._texts[-1].append(f"{PART}{text}" if self._texts[-1] != [""] else text)
        elif text:
            self._record.values.append((column, text))

    def _complete(self, record: Record) -> None:
        if self._chars > MAX_FIELD_CHARS:
            self.problems.add(Problem(location(record.line), f"has more than {MAX_FIELD_CHARS:,} characters"))
            return
        # <g:title> counts, and not the <title> of RSS or Atom beside it
        named = ((column.lstrip("\0"), column[0] == "\0", text) for column, text in record.values)
        values = [(name, text) for name, is_plain, text in named if not (is_plain and name in self._google)]
        self._done.append(Record(record.line, values))


def _refuse_entity(*_: object) -> None:
    raise _RefusedError("declares entities, which are not read; remove the declaration")
