"""`ltr catalog`: products written, updated and deleted; a catalog file checked; a folder watched."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.options import DEFAULT_INDEX, AsJson, IndexName, MediaRoot, NewIndexProfile, SkipInvalid, Wait
from ltr_plugin.cli.products.embedding import print_refused, warn_without_workers
from ltr_plugin.cli.products.writing import (
    STANDARD_INPUT,
    ensure_index,
    print_missing,
    read_ids,
    read_new_profile,
    write,
)
from ltr_plugin.cli.terminal.group import verb_group
from ltr_plugin.cli.terminal.output import exit_if, print_problems, print_result
from ltr_plugin.errors import InputError, counted

if TYPE_CHECKING:
    from ltr_plugin.errors import ClusterError
    from ltr_plugin.pipelines.indexing.watch_folder import FileResult

app = verb_group(
    "Write products into an index, update them and delete them.", continuing=("put", "update", "delete", "watch")
)

CatalogOrInput = Annotated[
    Path,
    typer.Argument(
        metavar="FILE|-",
        help="JSON Lines file, or a feed as `ltr catalog convert` reads it, may be gzipped; `-` reads lines of JSON as "
        "they arrive.",
    ),
]
DeclaringProfile = Annotated[
    Path | None, typer.Option("--profile", help="Profile (YAML) that declares further fields of the products.")
]
MappingFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="What the columns of a feed are (YAML), from `ltr catalog convert --init`."),
]


@app.command()
def put(
    file: CatalogOrInput,
    name: IndexName = DEFAULT_INDEX,
    mapping: MappingFile = None,
    media_root: MediaRoot = None,
    prune: Annotated[bool, typer.Option("--prune", help="Delete the products that the file does not contain.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete them; without --yes, --prune only lists what would be deleted.")
    ] = False,
    skip_invalid: SkipInvalid = False,
    profile: NewIndexProfile = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Write products: they can be found by their words at once, and workers make their vectors.

    A product replaces the one with its id. An index that does not exist is created with the default text encoder; use
    `ltr index create` for other encoders. After an interruption the same command continues where it stopped.
    """
    write(
        file, name, media_root=media_root, update=False, prune=prune, yes=yes, skip_invalid=skip_invalid, wait=wait,
        as_json=as_json, profile=profile, mapping=mapping,
    )  # fmt: skip


@app.command()
def update(
    file: CatalogOrInput,
    name: IndexName = DEFAULT_INDEX,
    mapping: MappingFile = None,
    media_root: MediaRoot = None,
    skip_invalid: SkipInvalid = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Change some fields of products, such as prices: each line is a JSON merge patch with the product's id.

    Of a feed, the columns that --mapping names are changed.
    """
    write(
        file, name, media_root=media_root, update=True, prune=False, yes=False, skip_invalid=skip_invalid, wait=wait,
        as_json=as_json, mapping=mapping,
    )  # fmt: skip


@app.command()
def delete(
    file: Annotated[
        Path, typer.Argument(metavar="FILE|-", help="File with one product id a line; `-` reads standard input.")
    ],
    name: IndexName = DEFAULT_INDEX,
    as_json: AsJson = False,
) -> None:
    """Delete products by their ids; ids that the index does not have are named, and are no error."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
    from ltr_plugin.settings import Settings

    settings = Settings.from_env()
    result = CatalogClient(name, settings=settings, cluster=connect(settings=settings)).delete(read_ids(file))
    print_refused(result)
    print_missing(result)
    facts = {
        "deleted": result.applied, "missing": result.missing, "refused": [one.id for one in result.refused],
    }  # fmt: skip
    print_result(facts, f"deleted {counted(result.applied, 'product')} from {name}", as_json=as_json)
    exit_if(result.refused)


@app.command()
def check(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="JSON Lines file, or a feed as `ltr catalog convert` reads it, may be gzipped."
        ),
    ],
    mapping: MappingFile = None,
    profile: DeclaringProfile = None,
    as_json: AsJson = False,
) -> None:
    """Check a catalog file or a feed and list every mistake; no cluster is needed."""
    from ltr_plugin.cli.products.feeds import check_catalog

    if file == STANDARD_INPUT:
        raise InputError("ltr catalog check", "reads a file, not standard input")
    products, problems = check_catalog(file, mapping, read_new_profile(profile) if profile else None)
    facts = {"products": products, "problems": [str(problem) for problem in problems]}
    if not as_json:
        print_problems(problems)
    print_result(
        facts, f"{file}: {counted(products, 'good line')}, {counted(len(problems), 'mistake')}", as_json=as_json
    )
    exit_if(problems)


@app.command()
def convert(
    feed: Annotated[Path, typer.Argument(metavar="FEED", help="CSV, TSV or XML, may be gzipped.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Catalog to write (JSON Lines), gzipped if its name ends in .gz."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            metavar="[table|google|shopify|woocommerce]", help="Form of the feed. Default: recognised by its columns."
        ),
    ] = None,
    mapping: MappingFile = None,
    init: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a first mapping to correct, with examples of values, and end."),
    ] = None,
    profile: DeclaringProfile = None,
    skip_invalid: SkipInvalid = False,
    as_json: AsJson = False,
) -> None:
    """Convert a feed into a catalog: a table of your own, or a feed of Google Merchant Center, Shopify or WooCommerce.

    Every mistake is listed with its line and column, and nothing is written then, unless --skip-invalid. Lines that
    are variants of one product become its variants; products that the shop hides are left out.
    """
    from ltr_plugin.cli.products.feeds import convert_to, write_mapping

    if (out is None) == (init is None):
        raise InputError("ltr catalog convert", "needs one of --out and --init")
    if STANDARD_INPUT in (feed, out):
        raise InputError("ltr catalog convert", "reads and writes files, which it may read several times")
    schema = read_new_profile(profile) if profile else None
    if init:
        write_mapping(feed, init, form, schema)
        next_step = f"`ltr catalog convert {feed} --mapping {init} --out catalog.jsonl`"
        print_result({"mapping": str(init)}, f"{init}: correct it, then run {next_step}", as_json=as_json)
    elif out:
        convert_to(feed, out, form, mapping, schema, skip_invalid=skip_invalid, as_json=as_json)


@app.command()
def watch(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", exists=True, file_okay=False, help="Folder in which files *.jsonl and *.jsonl.gz appear."
        ),
    ],
    name: IndexName = DEFAULT_INDEX,
    update: Annotated[bool, typer.Option("--update", help="The files hold updates (JSON merge patches).")] = False,
    media_root: MediaRoot = None,
    as_json: AsJson = False,
) -> None:
    """Write the files that appear in a folder, until interrupted, and move each to `done` or `failed` in it."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.pipelines.indexing import watch_folder as watching
    from ltr_plugin.settings import Settings

    def on_file(one: "FileResult") -> None:
        refused = [str(problem) for problem in one.problems]
        applied, stale, enqueue_error = one.result.applied, one.result.stale, one.result.enqueue_error
        facts = {"file": str(one.path), "applied": applied, "stale": stale, "refused": refused}
        facts["enqueue_error"] = enqueue_error
        text = f"{one.path}: {counted(applied, 'change')} made, {len(refused):,} refused"
        text += f", {stale:,} stale" if stale else ""
        print_result(facts, f"{text}; {enqueue_error}" if enqueue_error else text, as_json=as_json)
        sys.stdout.flush()

    def on_retry(error: "ClusterError") -> None:
        typer.echo(f"ltr: {error}; waiting", err=True)

    settings = Settings.from_env()
    cluster = connect(settings=settings)
    ensure_index(cluster, name, media_root or folder, update=update)
    warn_without_workers(settings)
    watching.watch_folder(
        settings, cluster, name, folder, update=update, media=media_root, on_file=on_file, on_retry=on_retry
    )
