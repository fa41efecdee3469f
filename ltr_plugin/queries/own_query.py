"""A first pass of the shop's own: a query clause, as JSON with mustache tags, read, checked and rendered.

Its tags are those of feature templates: `{{text}}` in a string; `{{#toJson}}text_vector{{/toJson}}` for a query vector;
`{{#has_text_vector}} ... {{/has_text_vector}}`, or `^` for `#`, for what stands there with or without a parameter. And
`{{filter}}` is the search's filter as one query clause, for k-NN clauses to look only among what may be shown.
`{language}` is the code of the search's language (`IndexProfile.in_language`).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ltr_plugin.catalog.localized import LANGUAGE_PARAMETER
from ltr_plugin.errors import InputError, Problem
from ltr_plugin.features.mustache import Body, RawTemplate, render, to_json, when, when_list
from ltr_plugin.features.parameters import flag_name

TEXT, FILTER_TAG, TO_JSON = "text", "filter", "toJson"
LOCATION = "$.first_pass.query"
SAMPLE_TEXT = 'a "quoted" \\ {word}'
"""A text that breaks JSON unless its tag stands in a string."""

_TAG = re.compile(r"\{\{(?P<mark>[#^/]?)\s*(?P<name>[^\s{}#^/&!>=][^\s{}]*)\s*\}\}|(?P<other>\{\{)")


@dataclass(frozen=True)
class Tag:
    """A tag that stands for a value: `{{text}}` or `{{filter}}`, or with `as_json` a query vector."""

    name: str
    line: int
    as_json: bool = False


@dataclass(frozen=True)
class Section:
    """What stands between `{{#name}}` or `{{^name}}`, which is `inverted`, and `{{/name}}`."""

    name: str
    line: int
    inverted: bool
    body: "tuple[Node, ...]"

    @property
    def parameter(self) -> str:
        """The parameter whose presence it depends on."""
        return self.name.removeprefix(flag_name(""))


Node = str | Tag | Section


@dataclass(frozen=True)
class OwnQuery:
    """A query clause by its parts."""

    nodes: tuple[Node, ...]

    @classmethod
    def parse(cls, text: str) -> "OwnQuery":
        """Reads a query clause; InputError for a tag of another form, or a section that is not closed."""
        open_sections: list[tuple[Section, list[Node]]] = []
        nodes: list[Node] = []
        end = 0
        for match in _TAG.finditer(text):
            line, name, mark = text.count("\n", 0, match.start()) + 1, match["name"], match["mark"]
            nodes.append(text[end : match.start()])
            end = match.end()
            if match["other"]:
                raise _wrong(line, f"{text[match.start() : match.start() + 20]!r} is no tag that it may have; {_KNOWN}")
            if mark in ("#", "^"):
                open_sections.append((Section(name, line, mark == "^", ()), nodes))
                nodes = []
            elif mark == "/":
                if not open_sections or open_sections[-1][0].name != name:
                    raise _wrong(line, f"{{{{/{name}}}}} closes no open section; remove it, or open {{{{#{name}}}}}")
                section, outer = open_sections.pop()
                outer.append(_closed(section, nodes))
                nodes = outer
            else:
                nodes.append(Tag(name, line))
        if open_sections:
            section = open_sections[-1][0]
            raise _wrong(section.line, f"the section {section.name} is not closed; write {{{{/{section.name}}}}}")
        return cls((*nodes, text[end:]))

    def rendered(self, filter_: Body) -> RawTemplate:
        """The clause for a search template, in which a parameter of the wrong kind changes nothing but its own tag."""
        return RawTemplate("".join(_rendered(node, filter_) for node in self.nodes))

    def filled(self, params: Mapping[str, Any]) -> str:
        """The clause as the cluster has it for these parameters."""
        return "".join(_filled(self.nodes, params))

    @property
    def reads_filter(self) -> bool:
        """Whether the search's filter stands anywhere in it."""
        return any(isinstance(node, Tag) and node.name == FILTER_TAG for node in _walk(self.nodes))

    def parameters(self) -> frozenset[str]:
        """The names of the parameters that it reads."""
        return frozenset(_parameters(self.nodes))

    def problems(self, vectors: Mapping[str, int]) -> list[Problem]:
        """What is wrong with it where queries have these vectors, by parameter with their dimensions; but for what the
        cluster says of it."""
        known = [f"{{{{{TEXT}}}}}", f"{{{{{FILTER_TAG}}}}}", *(_vector_tag(name) for name in vectors)]
        wrong = [
            Problem(f"{LOCATION}, line {node.line}", f"{_shown(node)} is unknown; it may have {', '.join(known)}, and "
                    f"sections {', '.join(map(flag_name, (TEXT, *vectors)))}")
            for node in _walk(self.nodes) if not _is_known(node, vectors)
        ]  # fmt: skip
        unlike = (problem for label, params in self.cases(vectors) for problem in self._no_clause(label, params))
        return wrong or list(islice(unlike, 1))

    def cases(self, vectors: Mapping[str, int]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Parameters to try it with, each time with what to call them: all that it reads, none, each alone, and all
        but each."""
        values = {TEXT: SAMPLE_TEXT, **{name: [1.0] + [0.0] * (size - 1) for name, size in vectors.items()}}
        used = [name for name in values if name in self.parameters()]
        named = [("with all parameters", used), ("without any parameter", [])]
        named += [(f"with {name} alone", [name]) for name in used]
        named += [(f"without {name}", [other for other in used if other != name]) for name in used]
        tried: set[frozenset[str]] = set()
        for label, names in named:
            if frozenset(names) not in tried:
                tried.add(frozenset(names))
                yield label, {name: values[name] for name in names}

    def _no_clause(self, label: str, params: Mapping[str, Any]) -> Iterator[Problem]:
        try:
            clause = json.loads(self.filled(params))
        except ValueError as error:
            yield Problem(LOCATION, f"{label}, it is not JSON: {error}; {{{{{TEXT}}}}} stands in a string, a comma in "
                          "the section that it belongs to")  # fmt: skip
            return
        if not isinstance(clause, dict) or len(clause) != 1 or "query" in clause:
            yield Problem(LOCATION, f'{label}, it is not one query clause, such as {{"bool": ...}}; state what stands '
                          "under `query` in a search")  # fmt: skip


_KNOWN = f"write {{{{{TEXT}}}}}, {{{{{FILTER_TAG}}}}}, {{{{#toJson}}}}VECTOR{{{{/toJson}}}} or {{{{#has_PARAMETER}}}}"


def _wrong(line: int, message: str) -> InputError:
    return InputError("first pass", [Problem(f"{LOCATION}, line {line}", message)])


def _closed(section: Section, body: list[Node]) -> Node:
    inner = [node for node in body if node != ""]
    if section.name == TO_JSON and not section.inverted and len(inner) == 1 and isinstance(inner[0], str):
        return Tag(inner[0].strip(), section.line, as_json=True)
    return Section(section.name, section.line, section.inverted, tuple(inner))


def _rendered(node: Node, filter_: Body) -> str:
    if isinstance(node, str):
        return node
    if isinstance(node, Section):
        inner: Body = RawTemplate("".join(_rendered(one, filter_) for one in node.body))
        nothing = RawTemplate("")
        bodies = (nothing, inner) if node.inverted else (inner, nothing)
        is_text = node.parameter in (TEXT, LANGUAGE_PARAMETER)
        return render((when if is_text else when_list)(node.parameter, *bodies))
    if node.as_json:
        return render(when_list(node.name, to_json(node.name), []))
    return render(filter_) if node.name == FILTER_TAG else f"{{{{{node.name}}}}}"


def _filled(nodes: Iterable[Node], params: Mapping[str, Any]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif isinstance(node, Section):
            if bool(params.get(node.parameter)) != node.inverted:
                yield from _filled(node.body, params)
        elif node.as_json:
            yield json.dumps(params.get(node.name, []))
        else:
            yield '{"match_all": {}}' if node.name == FILTER_TAG else json.dumps(params.get(node.name, ""))[1:-1]


def _walk(nodes: Iterable[Node]) -> Iterator[Tag | Section]:
    """All tags and sections, inner ones too."""
    for node in nodes:
        if not isinstance(node, str):
            yield node
        if isinstance(node, Section):
            yield from _walk(node.body)


def _parameters(nodes: Iterable[Node]) -> Iterator[str]:
    for node in _walk(nodes):
        name = node.parameter if isinstance(node, Section) else node.name
        if name != FILTER_TAG:
            yield name


def _is_known(node: Tag | Section, vectors: Iterable[str]) -> bool:
    if isinstance(node, Section):
        return node.name in map(flag_name, (TEXT, *vectors))
    return node.name in (vectors if node.as_json else (TEXT, FILTER_TAG))


def _shown(node: Tag | Section) -> str:
    if isinstance(node, Section):
        return f"{{{{{'^' if node.inverted else '#'}{node.name}}}}}"
    return _vector_tag(node.name) if node.as_json else f"{{{{{node.name}}}}}"


def _vector_tag(name: str) -> str:
    return f"{{{{#{TO_JSON}}}}}{name}{{{{/{TO_JSON}}}}}"
