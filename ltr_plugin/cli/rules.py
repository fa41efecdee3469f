"""`ltr rules`: rules of merchandisers, checked, kept in the cluster, undone, and applied when their time comes."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltr_plugin.cli.options import DEFAULT_INDEX, AsJson, IndexName, open_index
from ltr_plugin.cli.terminal.group import verb_group
from ltr_plugin.cli.terminal.output import print_result
from ltr_plugin.errors import Problem

if TYPE_CHECKING:
    from ltr_plugin.cluster.rules import RulesRevision
    from ltr_plugin.pipelines.rules import RulesChange
    from ltr_plugin.pipelines.serving import Served
    from ltr_plugin.queries.rules import Rules

app = verb_group("Put products in stock first, boost and bury products, and pin products for a query.")

RulesFile = Annotated[Path, typer.Argument(metavar="FILE", help="Rules (YAML).")]
Author = Annotated[str | None, typer.Option(help="Who does this. Default: your login name.")]


@app.command()
def check(file: RulesFile, name: IndexName = DEFAULT_INDEX, as_json: AsJson = False) -> None:
    """Check a file of rules against an index and list every mistake; nothing is changed."""
    from ltr_plugin.pipelines.rules import check_rules

    checked = check_rules(open_index(name), file)
    _print_warnings(checked.warnings)
    facts = {"index": name, "rules": _states(checked.rules), "warnings": list(map(str, checked.warnings))}
    print_result(facts, "\n".join([f"{file} fits {name}", *_lines(checked.rules)]), as_json=as_json)


@app.command()
def put(
    file: RulesFile,
    name: IndexName = DEFAULT_INDEX,
    author: Author = None,
    after: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Number of the revision that the file was made from: refuse it if somebody put rules since. 0: none.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a file of rules, keep it in the cluster in place of the rules of the index, and serve storefronts by it.

    Earlier revisions are kept; `ltr rules undo` goes back.
    """
    from ltr_plugin.pipelines.rules import put_rules

    changed = put_rules(open_index(name), file, author=author, after=after)
    head = f"{name} has these rules now, revision {changed.revision.number}"
    same = f"{name} has these rules already, revision {changed.revision.number}"
    _print_change(changed, head if changed.written else same, as_json=as_json)


@app.command()
def undo(name: IndexName = DEFAULT_INDEX, author: Author = None, as_json: AsJson = False) -> None:
    """Put the rules before the latest ones back, as a new revision, and serve storefronts by them.

    Undone again, it goes back one revision more; before the first there are no rules. `ltr rules show --revision N >
    rules.yaml` and `ltr rules put rules.yaml` bring any revision back.
    """
    from ltr_plugin.pipelines.rules import undo_rules

    changed = undo_rules(open_index(name), author=author)
    origin = changed.revision.restores
    back = f"the rules of revision {origin}" if origin else "no rules"
    _print_change(changed, f"{name} has {back} again, as revision {changed.revision.number}", as_json=as_json)


@app.command()
def show(
    name: IndexName = DEFAULT_INDEX,
    revision: Annotated[int | None, typer.Option(min=1, help="Number of the revision. Default: the latest.")] = None,
    list_all: Annotated[bool, typer.Option("--all", help="List the revisions instead, the latest first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the rules that the cluster keeps for an index, as a file of YAML that says which of them hold now."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.rules import all_revisions, read_rules

    cluster = connect()
    if list_all:
        revisions = all_revisions(cluster, name)
        lines = [_describe(one) for one in revisions] or [f"the cluster keeps no rules for {name}"]
        print_result({"index": name, "revisions": list(map(_facts, revisions))}, "\n".join(lines), as_json=as_json)
        return
    kept = read_rules(cluster, name, revision)
    head = [f"# Rules of {name}, {_describe(kept)}", *(f"#   {line}" for line in _lines(kept.rules))]
    stated = kept.rules.model_dump(mode="json", exclude_none=True)
    active = [rule.name for rule in kept.rules.active()]
    print_result(_facts(kept) | stated | {"active": active}, "\n".join([*head, _yaml(stated)]), as_json=as_json)


@app.command()
def apply(name: IndexName = DEFAULT_INDEX, as_json: AsJson = False) -> None:
    """Serve storefronts by the rules that hold now: run it by cron, so that rules begin and end in time."""
    from ltr_plugin.pipelines.rules import apply_rules

    served = apply_rules(open_index(name))
    _print_warnings(_without_rules(served))
    lines = list(_served(served)) or [f"no search template ranks {name}; make one with `ltr ranker promote`"]
    print_result({"index": name, "templates": _templates(served)}, "\n".join(lines), as_json=as_json)


def _print_change(changed: "RulesChange", head: str, *, as_json: bool) -> None:
    _print_warnings([*changed.warnings, *_without_rules(changed.served)])
    facts = {
        **_facts(changed.revision),
        "changes": list(changed.changes),
        "templates": _templates(changed.served),
        "rules": _states(changed.revision.rules),
        "warnings": list(map(str, changed.warnings)),
    }
    before = [f"before: {_describe(changed.before)}"] if changed.before and changed.written else []
    lines = [head, *before, *(f"  {change}" for change in changed.changes), *_served(changed.served)]
    print_result(facts, "\n".join(lines), as_json=as_json)


def _print_warnings(warnings: Iterable[Problem]) -> None:
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)


def _without_rules(served: Iterable["Served"]) -> Iterator[Problem]:
    for one in served:
        if not one.takes_rules:
            message = "an earlier version of ltr promoted it, and it serves without rules; promote its ranker again"
            yield Problem(f"template {one.template}", message)


def _served(served: Iterable["Served"]) -> Iterator[str]:
    for one in served:
        state = "serves by these rules now" if one.written else "no change"
        yield f"template {one.template}, release {one.number} ({one.ranker}): {state}"


def _templates(served: Iterable["Served"]) -> list[dict[str, Any]]:
    return [{"template": one.template, "release": one.number, "written": one.written} for one in served]


def _facts(revision: "RulesRevision") -> dict[str, Any]:
    facts = {"index": revision.index, "revision": revision.number, "author": revision.author}
    restored = {} if revision.restores is None else {"restores": revision.restores}
    return facts | {"created": revision.created} | restored


def _describe(revision: "RulesRevision") -> str:
    restored = "" if revision.restores is None else f", restores {revision.restores or 'no rules'}"
    return f"revision {revision.number} by {revision.author}, {revision.created}{restored}"


def _states(rules: "Rules") -> list[dict[str, Any]]:
    active = {rule.name for rule in rules.active()}
    return [{"name": rule.name, "action": rule.action, "active": rule.name in active} for rule in rules.rules]


def _lines(rules: "Rules") -> Iterator[str]:
    """What each rule does, and whether it holds now."""
    now = datetime.now(UTC)
    for rule in rules.rules:
        start, end = rule.period(rules.zone)
        state = f"from {rule.start}" if now < start else f"over since {rule.end}" if now >= end else "holds now"
        yield f"{rule.name}: {rule.action}, {state}"


def _yaml(value: object) -> str:
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)
    return text.rstrip()
