"""Merchandisers' rules of an index: checked against it, kept in revisions, and served to storefronts."""

import getpass
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltr_plugin.batches import batched
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.rules import RulesRevision, add_rules, undo_latest
from ltr_plugin.errors import InputError, Problem
from ltr_plugin.features.mustache import render
from ltr_plugin.pipelines.serving import Served, require_servable, serve_all
from ltr_plugin.queries.rule_rescoring import rule_problems, where_clauses
from ltr_plugin.queries.rules import Rule, Rules, named_changes
from ltr_plugin.validation import decode, read_yaml

PINS_PER_REQUEST = 1000


@dataclass(frozen=True)
class RulesCheck:
    """Rules that fit their index. `warnings` are what may be wrong all the same, such as an unknown pin."""

    rules: Rules
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class RulesChange:
    """What putting or undoing rules did: the revision that is used now and the one that was, what changed between
    them, and the search templates that serve by it."""

    revision: RulesRevision
    before: RulesRevision | None
    changes: tuple[str, ...]
    served: tuple[Served, ...]
    warnings: tuple[Problem, ...]

    @property
    def written(self) -> bool:
        """Whether it is a new revision."""
        return self.before is None or self.before.number != self.revision.number


def check_rules(index: Index, rules: Path | Mapping[str, Any]) -> RulesCheck:
    """The check of rules, a file or its content, against an index, without a change to either.

    InputError lists every mistake: keys and values of another form, filters that the profile does not have, names that
    two rules have; and what the cluster refuses.
    """
    value, source = (read_yaml(rules), str(rules)) if isinstance(rules, Path) else (rules, "rules")
    problems: list[Problem] = []
    try:
        decoded = decode(Rules, value, source=source)
        readable = list(enumerate(decoded.rules))
    except InputError as error:
        problems += error.problems
        decoded, readable = Rules(), list(_readable(value))
    problems += _problems(readable, decoded, index)
    if problems:
        raise InputError(source, problems)
    require_servable(index, decoded)
    return RulesCheck(decoded, tuple(_warnings(index, decoded.rules)))


def put_rules(
    index: Index, rules: Path | Mapping[str, Any], *, author: str | None = None, after: int | None = None
) -> RulesChange:
    """Checks rules as `check_rules` does, keeps them in the cluster as the next revision, and serves by them.

    `author` is the user's login name unless another one is given. ConflictError when the latest revision is not
    `after`, where that is given: 0 stands for no rules.
    """
    checked = check_rules(index, rules)
    before, revision = add_rules(index.cluster, index.alias, checked.rules, author=author or _login(), after=after)
    return _serve(index, before, revision, checked.warnings)


def undo_rules(index: Index, *, author: str | None = None) -> RulesChange:
    """Puts the rules before the latest ones back, as a new revision, and serves by them; undone again, those before
    them. Rules that do not fit the index any more have no effect, and are among the warnings.

    InputError where there is nothing to undo.
    """
    before, revision = undo_latest(index.cluster, index.alias, author=author or _login())
    readable = list(enumerate(revision.rules.rules))
    warnings = (*_problems(readable, revision.rules, index), *_warnings(index, revision.rules.rules))
    return _serve(index, before, revision, warnings)


def apply_rules(index: Index) -> list[Served]:
    """Makes what storefronts call serve by the rules that hold now, for those whose time has come or has passed."""
    return serve_all(index)


def _serve(
    index: Index, before: RulesRevision | None, revision: RulesRevision, warnings: Sequence[Problem]
) -> RulesChange:
    changes = tuple(named_changes(before.rules if before else Rules(), revision.rules))
    return RulesChange(revision, before, changes, tuple(serve_all(index)), tuple(warnings))


def _readable(value: object) -> Iterator[tuple[int, Rule]]:
    """The rules of a file with mistakes that can be read alone, by position."""
    entries = value.get("rules") if isinstance(value, Mapping) else None
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        try:
            yield position, decode(Rule, entry, source="")
        except InputError:
            continue


def _problems(readable: Sequence[tuple[int, Rule]], rules: Rules, index: Index) -> Iterator[Problem]:
    """What is wrong with rules, by position, beyond their form."""
    first: dict[str, int] = {}
    for position, rule in readable:
        place = f"$.rules[{position}]"
        yield from rule_problems(rule, index.profile, place)
        start, end = rule.period(rules.zone)
        if start >= end:
            yield Problem(f"{place}.end", f"{rule.end} is before its start, {rule.start}")
        if first.setdefault(rule.name, position) != position:
            yield Problem(
                f"{place}.name", f"rule {first[rule.name]} is called {rule.name!r} too; give one another name"
            )


def _warnings(index: Index, rules: Sequence[Rule]) -> Iterator[Problem]:
    """Pinned products that the index does not have, and rules that fit none of its products."""
    pinned = dict.fromkeys(id_ for rule in rules for id_ in rule.pin or ())
    known = {id_ for some in batched(pinned, PINS_PER_REQUEST) for id_ in index.products(some)}
    for position, rule in enumerate(rules):
        for place, id_ in enumerate(rule.pin or ()):
            if id_ not in known:
                yield Problem(f"$.rules[{position}].pin[{place}]", f"the index has no product {id_!r}")
    filters = {
        str(position): {"bool": {"filter": where_clauses(rule, index.profile)}}
        for position, rule in enumerate(rules)
        if rule.where and not rule_problems(rule, index.profile, "")
    }
    if not filters:
        return
    body = {"size": 0, "aggs": {"rules": {"filters": {"filters": json.loads(render(filters))}}}}
    found = index.cluster.call("POST", f"/{index.name}/_search", body)["aggregations"]["rules"]["buckets"]
    for position, bucket in found.items():
        if not bucket["doc_count"]:
            yield Problem(f"$.rules[{position}].where", "the index has no such product")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "unknown"
