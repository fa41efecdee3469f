"""`ltr encoder`: list the libraries, train an encoder on a shop's products, export or identify one."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.output import AsJson, print_result
from ltr_plugin.cli.progress_bar import progress_bar
from ltr_plugin.encoders.training.trainers import TRAINERS, get_trainer
from ltr_plugin.errors import InputError

if TYPE_CHECKING:
    from ltr_plugin.encoders import Library
    from ltr_plugin.encoders.export.export import ExportReport
    from ltr_plugin.encoders.training.report import TrainingReport

app = typer.Typer(no_args_is_help=True, help="Encoders, which make vectors from text, photos, sound and video.")


@app.command("list")
def list_libraries(as_json: AsJson = False) -> None:
    """List the libraries that encoders come from, and how their models are named."""
    from importlib.util import find_spec

    from ltr_plugin import encoders

    default = encoders.DEFAULT_TEXT_ENCODER
    libraries = {library.name: library for library in encoders.list_libraries()}
    installed = {name: find_spec(library.module) is not None for name, library in libraries.items()}
    facts = {
        "default_text_encoder": default,
        "libraries": [
            {
                "name": name,
                "installed": installed[name],
                "modalities": library.modalities,
                "models": library.models,
                "example": f"{name}:{library.example}",
                "extra": library.extra,
            }
            for name, library in libraries.items()
        ],
    }
    lines = [
        f"{name}:MODEL  encodes {', '.join(library.modalities)}; MODEL is {library.models}\n"
        f"    such as {name}:{library.example}{'' if installed[name] else _install_hint(library)}"
        for name, library in libraries.items()
    ]
    print_result(facts, "\n".join([*lines, f"text is encoded by {default} unless told otherwise"]), as_json=as_json)


@app.command()
def train(
    catalog: Annotated[Path, typer.Argument(help="Catalog with media: JSON Lines, gzip allowed.")],
    out: Annotated[Path, typer.Option(help="Folder of the encoder.")],
    kind: Annotated[
        str, typer.Option(help="; ".join(f"{kind}: {trainer.description}" for kind, trainer in TRAINERS.items()))
    ] = "photo",
    start: Annotated[
        str | None,
        typer.Option("--from", help="Model to go on from, named as after `library:`; default: a small new one."),
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on with what an interrupted training left in --out.")] = False,
    queries: Annotated[Path | None, typer.Option(help="Photo or sound queries of products; needs --qrels.")] = None,
    qrels: Annotated[Path | None, typer.Option(help="Their judgments: grade 3 is the very product.")] = None,
    image_size: Annotated[
        int | None, typer.Option(min=32, help="Side of a photo in pixels, for a new model.", show_default="64")
    ] = None,
    descriptor: Annotated[
        str | None, typer.Option(help="What describes keypoints: sift or orb.", show_default="sift")
    ] = None,
    vocabulary_size: Annotated[
        int | None, typer.Option(min=2, help="Words of a keypoints' vocabulary.", show_default="1000")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=2, help="Items drawn at a time.", show_default="by kind")] = None,
    epochs: Annotated[
        float | None, typer.Option(min=0.1, help="How often each item is looked at.", show_default="by kind")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Batches to train, instead of --epochs.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="Time to train, instead of --epochs.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same encoder, but for --minutes.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train an encoder on a catalog. Ctrl-C keeps what was learned so far."""
    from ltr_plugin.encoders.training.fitting import Budget

    given = {
        "start": start,
        "image_size": image_size,
        "batch": batch,
        "descriptor": descriptor,
        "vocabulary_size": vocabulary_size,
    }
    with progress_bar("training") as progress:
        report = get_trainer(kind)(
            catalog, out, queries=queries, qrels=qrels, budget=Budget(minutes, steps, epochs), seed=seed,
            resume=resume, progress=progress, **{name: value for name, value in given.items() if value is not None},
        )  # fmt: skip
    for reason in report.unusable:
        typer.echo(f"left out {reason}", err=True)
    print_result(
        {**asdict(report), "folder": str(report.folder), "encoder": report.spec}, _summary(report), as_json=as_json
    )


@app.command()
def export(
    spec: Annotated[str, typer.Argument(help="The encoder, `library:model`: of sentence-transformers or open_clip.")],
    out: Annotated[Path, typer.Option(help="Folder of the new encoder.")],
    form: Annotated[str, typer.Option("--format", help="onnx, to be run as onnx:FOLDER.")] = "onnx",
    quantize: Annotated[
        str | None, typer.Option(help="int8: a quarter of the size, and faster on a CPU, for some similarity.")
    ] = None,
    sample: Annotated[
        Path | None, typer.Option(help="Catalog whose texts and photos show what it costs; default: made-up ones.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an encoder faster or smaller, and measure on the way what that costs and gains."""
    from ltr_plugin.encoders.export.export import export as export_encoder

    if form != "onnx":
        raise InputError("format", f"{form!r} is not onnx, the one there is")
    with progress_bar("exporting") as progress:
        report = export_encoder(spec, out, quantize=quantize, sample=sample, progress=progress)
    print_result(
        {**asdict(report), "folder": str(report.folder), "encoder": report.spec},
        _describe_export(report),
        as_json=as_json,
    )


@app.command()
def fingerprint(
    spec: Annotated[str, typer.Argument(help="The encoder, `library:model`.")], as_json: AsJson = False
) -> None:
    """Identify an encoder: vectors compare only when all of this is equal."""
    from ltr_plugin.encoders import load_encoder

    found = load_encoder(spec).fingerprint
    facts = {**asdict(found), "digest": found.digest}
    print_result(facts, "\n".join(f"{name:14}{value}" for name, value in facts.items()), as_json=as_json)


def _install_hint(library: "Library") -> str:
    extra = f", pip install 'ltr-plugin[{library.extra}]'" if library.extra else ""
    return f" (not installed{extra})"


def _describe_export(report: "ExportReport") -> str:
    lines = [
        f"{report.folder}: {report.original} in {report.precision}, {report.bytes / 1e6:,.0f} MB",
        f"use it as {report.spec}; its vectors are its own: index again when you change to it",
        f"compared on {report.origin}:",
    ]
    for one in report.comparisons:
        kept = f"{one.nearest_kept:.1%} of the ten nearest are kept"
        alone = f"one alone {one.one_ms_before:.1f} ms before, {one.one_ms:.1f} now"
        lines += [
            f"  {one.modality}: cosine {one.cosine:.4f} with the original, {one.worst_cosine:.4f} at worst; {kept}",
            f"  {one.modality}: {one.per_s_before:,.0f} a second before, {one.per_s:,.0f} now; {alone}",
        ]
    return "\n".join(lines)


def _summary(report: "TrainingReport") -> str:
    held = report.held_out
    made = f"{report.items:,} {report.unit} of {report.products:,} products, {report.steps:,} steps"
    lines = [f"{report.folder}: {made} in {report.seconds:.0f} s", f"use it as {report.spec}"]
    if report.share < 1:
        lines.insert(1, f"interrupted at {report.share:.0%}; --resume goes on from here")
    for name, first, five in (
        ("product's text", held.text_at_1, held.text_at_5),
        (f"product's other {report.unit}", held.same_at_1, held.same_at_5),
    ):
        if first is not None:
            found = f"{first:.0%} first, {five:.0%} in the first five"
            lines.append(f"{held.items} unseen {report.unit} find their {name}: {found}")
    return "\n".join(lines)
