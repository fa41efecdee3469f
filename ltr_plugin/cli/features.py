"""`ltr features`: feature sets checked, stored in the cluster, logged into tables, and copied to be edited."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.options import (
    DEFAULT_INDEX,
    AsJson,
    DefaultOf,
    IndexName,
    ProfileFile,
    QrelsFile,
    QueriesFile,
    open_index,
)
from ltr_plugin.cli.terminal.group import verb_group
from ltr_plugin.cli.terminal.new_file import write_new
from ltr_plugin.cli.terminal.output import exit_if, first_of, print_failed_queries, print_problems, print_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.errors import InputError, Problem, counted

if TYPE_CHECKING:
    from ltr_plugin.features.feature_set import FeatureSet

app = verb_group("Check feature sets, store them in the cluster, and log features into tables.")

SetName = Annotated[
    str, typer.Argument(metavar="FILE|NAME", help="Feature-set file (YAML), or the name of a shipped set such as shop.")
]
LOG = "pipelines.log_features:log_features"


@app.command()
def check(
    feature_set: SetName,
    name: Annotated[
        str | None, typer.Option("--index", "-i", help="Also check that this index has the fields that are read.")
    ] = None,
    profile: ProfileFile = None,
    as_json: AsJson = False,
) -> None:
    """Check a feature set and list every mistake; without --index, no cluster is needed."""
    from dataclasses import asdict

    from ltr_plugin.features.compatibility import unbounded_templates

    if profile and not name:
        raise InputError("--profile", "needs --index, the index that the profile is for")
    features = _load(feature_set)
    facts = {"feature_set": features.id, "features": list(features.feature_names), "digest": features.digest}
    lines = [f"{features.id}: {counted(len(features.feature_names), 'feature')}, digest {features.digest}"]
    warnings = [str(problem) for problem in unbounded_templates(features)]
    if name:
        from ltr_plugin.cluster.feature_store import check_features

        use = check_features(open_index(name, profile), features)
        facts |= asdict(use)
        lines.append(str(use))
    print_result(
        {**facts, "warnings": warnings}, "\n".join([*lines, *(f"warning: {one}" for one in warnings)]), as_json=as_json
    )


@app.command()
def push(
    feature_set: SetName, name: IndexName = DEFAULT_INDEX, profile: ProfileFile = None, as_json: AsJson = False
) -> None:
    """Check a feature set against the index and store it in the cluster."""
    from ltr_plugin.cluster.feature_store import push_features

    features = _load(feature_set)
    push_features(open_index(name, profile), features)
    print_result({"feature_set": features.id}, f"{features.id} is in the cluster", as_json=as_json)


@app.command()
def log(
    feature_set: SetName,
    qrels: QrelsFile,
    out: Annotated[Path, typer.Option(help="Table to write (Parquet).")],
    negatives: Annotated[
        int,
        typer.Option(
            min=0,
            default_factory=DefaultOf(LOG, "negatives"),
            help="Number of unjudged candidates to sample for each query, as products that are not relevant.",
        ),
    ],
    seed: Annotated[int, typer.Option(default_factory=DefaultOf(LOG, "seed"), help="Random seed of the sampling.")],
    queries: QueriesFile = None,
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    as_json: AsJson = False,
) -> None:
    """Log the features of judged products and of sampled candidates into a table to train on."""
    from dataclasses import asdict

    from ltr_plugin.pipelines.log_features import log_features

    features = _load(feature_set)
    index = open_index(name, profile)
    with progress_bar("logging features") as progress:
        done = log_features(index, features, queries, qrels, out, negatives=negatives, seed=seed, progress=progress)
    print_failed_queries(done.failed)
    for what, ids in (("products", done.missing_products), ("queries", done.missing_queries)):
        if ids:
            where = "in the index" if what == "products" else "among the queries"
            typer.echo(f"judged {what} that are not {where}: {first_of(ids)}", err=True)
    text = (
        f"{done.table}: {counted(done.rows, 'row')} of {features.id} "
        f"({done.judged:,} judged, {done.negatives:,} sampled); "
        f"{counted(len(done.missing_products), 'judged product')} not in the index, "
        f"{counted(len(done.missing_queries), 'judged query')} not among the queries, "
        f"{counted(len(done.failed), 'query')} failed"
    )
    print_result({**asdict(done), "table": str(done.table)}, text, as_json=as_json)
    exit_if(done.failed)


@app.command()
def init(
    source: Annotated[str, typer.Option("--from", help="Name of the shipped set to start from.")] = "shop",
    name: Annotated[
        str | None,
        typer.Option("--index", "-i", help="Write features for the fields of this index, as its profile has them."),
    ] = None,
    profile: ProfileFile = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write. Default: the name of the set or index with .yaml, in this folder."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a feature set to start from: one for the fields of an index, or a copy of a shipped one."""
    from ltr_plugin.features.feature_set import shipped_feature_sets

    shipped = shipped_feature_sets()
    if source not in shipped:
        raise InputError("--from", f"{source!r} is not a shipped feature set; shipped are {', '.join(shipped)}")
    if profile and not name:
        raise InputError("--profile", "needs --index, the index that the profile is for")
    file = out or Path(f"{name or source}.yaml")
    write_new(file, _starting_set(name, profile) if name else shipped[source].read_text("utf-8"), "--out")
    check_it = f"ltr features check {file}" + (f" --index {name}" if name else "")
    print_result({"file": str(file)}, f"{file}: edit it, then run `{check_it}`", as_json=as_json)


@app.command()
def pull(
    stored: Annotated[str, typer.Argument(metavar="NAME", help="Name of a feature set or model of the store.")],
    store: Annotated[str, typer.Option(help="Name of the store. Default: the default store.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="File to write. Default: the name with .yaml, in this folder.")
    ] = None,
    text_parameter: Annotated[
        str, typer.Option(metavar="NAME", help="What the templates call the query's text; it is `text` in the file.")
    ] = "text",
    name: Annotated[
        str | None, typer.Option("--index", "-i", help="Index whose query vectors the templates may read.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write features that the learning-to-rank plugin has in the cluster into a feature-set file.

    Templates in mustache and derived expressions are read; other features are left out, with the reason. Parameters
    that searches of this library do not have are named.
    """
    from dataclasses import asdict

    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.feature_store import FeatureStore
    from ltr_plugin.features.feature_file import feature_file, slug
    from ltr_plugin.features.stored_set import read_stored

    vectors = [one.parameter for one in open_index(name).vectors] if name else []
    read = read_stored(FeatureStore(connect(), store).stored_features(stored), vectors, text_parameter=text_parameter)
    if not read.features:
        reasons = [Problem(one, reason) for one, reason in read.left_out.items()]
        raise InputError(stored, reasons or "has no features")
    file = out or Path(f"{slug(stored)}.yaml")
    of_store = f" of the store {store}" if store else ""
    write_new(
        file, feature_file(slug(stored), 1, read.groups(), comment=f"The features of {stored}{of_store}."), "--out"
    )
    print_problems(Problem(one, f"left out: {reason}") for one, reason in read.left_out.items())
    for parameter, names in read.parameters.items():
        typer.echo(f"parameter {parameter}, which searches do not have, is read by {first_of(names)}", err=True)
    text = f"{file}: {counted(len(read.features), 'feature')}; run `ltr features check {file}`"
    facts = {key: value for key, value in asdict(read).items() if key != "features"}
    print_result(
        {"file": str(file), "features": [one["name"] for one in read.features], **facts}, text, as_json=as_json
    )


def _starting_set(name: str, profile: Path | None) -> str:
    """The text of a feature-set file for the index of this name."""
    from ltr_plugin.features.feature_file import feature_file, slug
    from ltr_plugin.features.starting.groups import starting_groups
    from ltr_plugin.features.starting.reviews import REVIEWED

    index = open_index(name, profile)
    groups = starting_groups(index.profile, index.mapping, reviewed=index.count(REVIEWED) > 0)
    if not any(group.features for group in groups):
        raise InputError(f"index {name}", "it has no field that a feature can read, of those that its profile names")
    return feature_file(slug(name), 1, groups, comment=f"Features of the index {name}, by its profile.")


def _load(name_or_path: str) -> "FeatureSet":
    from ltr_plugin.features.feature_set import FeatureSet

    return FeatureSet.load(name_or_path)
