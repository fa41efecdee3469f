"""`ltr profile`: what the fields of an index mean, guessed, checked and kept in the cluster."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.options import DEFAULT_INDEX, AsJson, IndexName
from ltr_plugin.cli.terminal.group import verb_group
from ltr_plugin.cli.terminal.output import print_result
from ltr_plugin.errors import InputError

if TYPE_CHECKING:
    from ltr_plugin.pipelines.profiles import ProfileCheck

app = verb_group("Say what the fields of an index mean, so that any index can be searched and ranked.")

ProfileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="Profile (YAML), from `ltr profile init`.")]


@app.command()
def init(
    name: IndexName = DEFAULT_INDEX,
    out: Annotated[Path, typer.Option(help="File to write, which must not be there yet.")] = Path("index.yaml"),
    as_json: AsJson = False,
) -> None:
    """Write a first profile of an index, guessed from its mapping and a sample of documents; nothing is changed.

    Each guess has its reason beside it. Vectors of text are compared with those of the installed encoders.
    """
    from ltr_plugin.cluster.opensearch import connect
    from ltr_plugin.pipelines.profiles import draft_index_profile

    exists = InputError("--out", f"{out} exists already; name another file")
    if out.exists():
        raise exists
    text = draft_index_profile(connect(), name, out)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise exists from None
    print_result(
        {"file": str(out)},
        f"{out}: correct it, then run `ltr profile check {out} --index {name}`",
        as_json=as_json,
    )


@app.command()
def check(
    profile: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Profile (YAML). Default: the one that the cluster keeps for the index."),
    ] = None,
    name: IndexName = DEFAULT_INDEX,
    as_json: AsJson = False,
) -> None:
    """Check a profile against an index and list every mistake, and measure whether its encoders made the vectors."""
    from ltr_plugin.cluster.opensearch import connect
    from ltr_plugin.pipelines.profiles import check_profile, kept_profile

    cluster = connect()
    checked = check_profile(cluster, name, profile or kept_profile(cluster, name).profile)
    _print_check(checked)
    facts = {"index": name, "notes": list(checked.notes), "warnings": list(checked.warnings)}
    lines = [f"{profile or 'its profile'} fits {name}", *(f"  {note}" for note in checked.notes)]
    print_result(facts, "\n".join(lines), as_json=as_json)


@app.command()
def put(profile: ProfileArgument, name: IndexName = DEFAULT_INDEX, as_json: AsJson = False) -> None:
    """Check a profile, and keep it in the cluster for everyone who uses the index."""
    from ltr_plugin.cluster.opensearch import connect
    from ltr_plugin.pipelines.profiles import keep_profile

    revision, checked = keep_profile(connect(), name, profile)
    _print_check(checked)
    facts = {"index": name, "revision": revision.number, "warnings": list(checked.warnings)}
    print_result(facts, f"{name} has this profile now, revision {revision.number}", as_json=as_json)


@app.command()
def show(
    name: IndexName = DEFAULT_INDEX,
    revision: Annotated[int | None, typer.Option(min=1, help="Number of the revision. Default: the latest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the profile that the cluster keeps for an index, as a file of YAML."""
    from ltr_plugin.cluster.opensearch import connect
    from ltr_plugin.pipelines.profiles import kept_profile
    from ltr_plugin.profile.yaml_file import profile_yaml

    kept = kept_profile(connect(), name, revision)
    state = f"revision {kept.number}" if kept.number else "which every index has that `ltr index create` made"
    text = profile_yaml(kept.profile, [f"Profile of {name}, {state}."])
    facts = {"index": name, "revision": kept.number, "profile": kept.profile.model_dump(mode="json")}
    print_result(facts, text.rstrip(), as_json=as_json)


def _print_check(checked: "ProfileCheck") -> None:
    for warning in checked.warnings:
        typer.echo(f"warning: {warning}", err=True)
