"""`ltr profile`: what the fields of an index mean, guessed, checked and kept in the cluster."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.options import DEFAULT_INDEX, AsJson, DefaultOf, IndexName, ProfileFile
from ltr_plugin.cli.terminal.group import verb_group
from ltr_plugin.cli.terminal.new_file import require_new, write_new
from ltr_plugin.cli.terminal.output import exit_if, print_failed_queries, print_result
from ltr_plugin.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltr_plugin.pipelines.first_pass.measure import Measurement
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
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.pipelines.profiles import draft_index_profile

    require_new(out, "--out")
    write_new(out, draft_index_profile(connect(), name, out), "--out")
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
    from ltr_plugin.cluster.connecting import connect
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
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.pipelines.profiles import keep_profile
    from ltr_plugin.pipelines.releases import templates_of_former_profile

    cluster = connect()
    revision, checked = keep_profile(cluster, name, profile)
    _print_check(checked)
    former = templates_of_former_profile(cluster, name)
    facts = {"index": name, "revision": revision.number, "warnings": list(checked.warnings), "former": former}
    lines = [f"{name} has this profile now, revision {revision.number}", *_former_lines(former)]
    print_result(facts, "\n".join(lines), as_json=as_json)


@app.command()
def measure(
    sample: Annotated[
        int,
        typer.Option(
            min=5,
            max=10_000,
            default_factory=DefaultOf("pipelines.first_pass.measure:measure_scales", "sample"),
            help="Number of queries, or of products.",
        ),
    ],
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    queries: Annotated[
        Path | None,
        typer.Option(help="File of queries (JSON Lines). Default: titles and stored vectors of products of the index."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write the profile to, which must not be there yet.")] = None,
    put: Annotated[bool, typer.Option("--put", help="Keep the profile with the scales in the cluster.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure how alike queries and products are in each vector space, so that words and vectors count alike.

    Searches the index for a sample, and sets `first_pass.scales` of the profile; nothing is written to the index.
    Measure again after a change of encoders or of text fields.
    """
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines.first_pass.measure import measure_scales
    from ltr_plugin.pipelines.profile_file import read_profile
    from ltr_plugin.pipelines.profiles import check_profile, keep_profile, kept_profile
    from ltr_plugin.pipelines.releases import templates_of_former_profile

    if out and put:
        raise InputError("--out", "does not go with --put; choose one of them")
    if out:
        require_new(out, "--out")
    cluster = connect()
    stated = read_profile(profile) if profile else kept_profile(cluster, name).profile
    checked = check_profile(cluster, name, stated)
    _print_check(checked)
    measured = measure_scales(Index.open(cluster, name, profile=stated), queries, sample=sample)
    scaled = measured.applied_to(stated)
    done = "neither written nor kept: add --out FILE or --put"
    if out:
        from ltr_plugin.profile.yaml_file import profile_yaml

        write_new(out, profile_yaml(scaled, [f"Profile of {name}, with measured scales."]), "--out")
        done = f"written to {out}; `ltr profile put {out} --index {name}` keeps it"
    revision = None
    if put:
        kept, _ = keep_profile(cluster, name, scaled)
        revision, done = kept.number, f"{name} has this profile now, revision {kept.number}"
        done = "\n".join([done, *_former_lines(templates_of_former_profile(cluster, name))])
    print_failed_queries(measured.failed)
    facts = {
        "index": name,
        "scales": [scale.model_dump(mode="json") for scale in measured.scales],
        "searches": list(measured.searches),
        "left_out": list(measured.left_out),
        "revision": revision,
    }
    print_result(facts, "\n".join([*_scale_lines(measured), done]), as_json=as_json)
    exit_if(measured.failed)


@app.command()
def show(
    name: IndexName = DEFAULT_INDEX,
    revision: Annotated[int | None, typer.Option(min=1, help="Number of the revision. Default: the latest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the profile that the cluster keeps for an index, as a file of YAML.

    Without --revision, the profile of an index that `ltr index create` made has the default filters and fields too.
    """
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.pipelines.profiles import kept_profile, whole_profile
    from ltr_plugin.profile.yaml_file import profile_yaml

    kept = kept_profile(connect(), name, revision) if revision else whole_profile(connect(), name)
    state = f"revision {kept.number}" if kept.number else "which every index has that `ltr index create` made"
    text = profile_yaml(kept.profile, [f"Profile of {name}, {state}."])
    facts = {"index": name, "revision": kept.number, "profile": kept.profile.model_dump(mode="json")}
    print_result(facts, text.rstrip(), as_json=as_json)


def _former_lines(templates: "Sequence[str]") -> list[str]:
    """What serves by the profile that was kept before."""
    advice = "serves by the former one until `ltr ranker promote`; a ranker that learned by that one is trained again"
    return [f"  template {one} {advice}" for one in templates]


def _scale_lines(measured: "Measurement") -> list[str]:
    """A line for each pair of a query vector and a field: its scale, or why it has none."""
    lines = [
        f"{scale.query} with {scale.field}: {scale.low:g} adds 0, {scale.high:g} adds {scale.weight:g} "
        f"({searches:,} searches)"
        for scale, searches in zip(measured.scales, measured.searches, strict=True)
    ]
    return [*lines, *(f"left out: {one}" for one in measured.left_out)]


def _print_check(checked: "ProfileCheck") -> None:
    for warning in checked.warnings:
        typer.echo(f"warning: {warning}", err=True)
