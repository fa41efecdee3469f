"""`ltr encoder`: libraries listed, encoders trained on a catalog, exported and identified."""

from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ltr_plugin.cli.options import AsJson, Set, read_assignments
from ltr_plugin.cli.terminal.group import VerbInterruptedError, verb_group
from ltr_plugin.cli.terminal.output import print_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar

if TYPE_CHECKING:
    from ltr_plugin.encoders.training.trainers import Trainer

app = verb_group("List, train, export and identify encoders, which make vectors from text, photos, sounds and videos.")

Spec = Annotated[str, typer.Argument(metavar="LIBRARY:MODEL", help="The encoder; `ltr encoder list` shows examples.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the bundled encoders, then the libraries that encoders come from and how their models are named."""
    from importlib.util import find_spec

    from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, list_libraries
    from ltr_plugin.encoders.registry import MULTILINGUAL_TEXT_ENCODER

    libraries = {library.name: library for library in list_libraries()}
    defaults = [
        f"default text encoder: {DEFAULT_TEXT_ENCODER}",
        f"default text encoder of other languages than English: {MULTILINGUAL_TEXT_ENCODER}",
    ]
    installed = {name: find_spec(library.module) is not None for name, library in libraries.items()}
    bundled = {f"{name}:{one.model}": one for name, library in libraries.items() for one in library.bundled}
    facts = {
        "bundled": [
            {"encoder": spec, "summary": one.summary, "installed": one.installed, "extra": one.extra}
            for spec, one in bundled.items()
        ],
        "default_text_encoder": DEFAULT_TEXT_ENCODER,
        "multilingual_text_encoder": MULTILINGUAL_TEXT_ENCODER,
        "libraries": [
            {
                "name": name,
                "installed": installed[name],
                "modalities": library.modalities,
                "models": library.models,
                "example": f"{name}:{library.example or 'MODEL'}",
                "extra": library.extra,
            }
            for name, library in libraries.items()
        ],
    }
    width = max(map(len, bundled))
    lines = [
        f"{spec:{width}}  {one.summary}{'' if one.installed else _install_hint(one.extra)}"
        for spec, one in bundled.items()
    ]
    lines += [
        f"{name}:MODEL  encodes {', '.join(library.modalities)}; MODEL is {library.models}\n"
        f"    such as {name}:{library.example or 'MODEL'}{'' if installed[name] else _install_hint(library.extra)}"
        for name, library in libraries.items()
    ]
    print_result(facts, "\n".join([*lines, *defaults]), as_json=as_json)


CatalogFile = Annotated[Path, typer.Argument(metavar="CATALOG", help="Catalog file (JSON Lines), may be gzipped.")]
Out = Annotated[Path, typer.Option(help="Folder of the trained encoder.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue an interrupted training in --out.")]
MediaQueries = Annotated[
    Path | None, typer.Option(help="Queries with photos or sounds of products, to train on as well; needs --qrels.")
]
MediaQrels = Annotated[Path | None, typer.Option(help="Judgments of these queries; grade 3 is the same product.")]
Minutes = Annotated[
    float | None, typer.Option(min=0.1, help="Minutes to train. Default: a number of epochs that suits the kind.")
]


@app.command()
def train(
    catalog: CatalogFile,
    out: Out,
    kind: Annotated[str, typer.Option(help="Kind of encoder: photo, audio, text or keypoints (of photos).")] = "photo",
    start: Annotated[
        str | None, typer.Option("--from", help="Model to start from, without `LIBRARY:`. Default: a small new model.")
    ] = None,
    resume: Resume = False,
    queries: MediaQueries = None,
    qrels: MediaQrels = None,
    minutes: Minutes = None,
    set_: Set = None,
    as_json: AsJson = False,
) -> None:
    """Train an encoder on the media of a catalog; Ctrl-C keeps what was learned so far.

    Settings for --set: epochs, steps (instead of --minutes) and seed for all kinds; batch for photo, audio and text;
    image_size for photo; text (an encoder) for audio; descriptor (sift or orb) and vocabulary_size for keypoints.
    """
    from ltr_plugin.encoders.training.trainers import get_trainer

    _train(
        get_trainer(kind), f"an encoder of kind {kind}", catalog, out, queries, qrels, minutes, set_, {"start": start},
        resume=resume, as_json=as_json,
    )  # fmt: skip


@app.command()
def align(
    catalog: CatalogFile,
    out: Out,
    photo: Annotated[
        str | None, typer.Option(metavar="LIBRARY:MODEL", help="Photo encoder. Default: the bundled one.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="LIBRARY:MODEL", help="Text encoder. Default: the bundled English one.")
    ] = None,
    resume: Resume = False,
    queries: MediaQueries = None,
    qrels: MediaQrels = None,
    set_: Set = None,
    as_json: AsJson = False,
) -> None:
    """Bring a photo and a text encoder into one space, by a projection of each; the encoders stay as they are.

    Words find photos and photos find words then, after about a minute of training. Settings for --set: epochs, steps,
    batch and seed.
    """
    from ltr_plugin.encoders.training.trainers import ALIGN

    _train(
        ALIGN, "an alignment", catalog, out, queries, qrels, None, set_, {"photo": photo, "text": text},
        resume=resume, as_json=as_json,
    )  # fmt: skip


@app.command()
def finetune(
    catalog: CatalogFile,
    out: Out,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="LIBRARY:MODEL",
            help="Photo encoder to start from: timm:MODEL, or aligned:FOLDER for its photo tower. "
            "Default: the bundled one.",
        ),
    ] = None,
    resume: Resume = False,
    queries: MediaQueries = None,
    qrels: MediaQrels = None,
    minutes: Minutes = None,
    set_: Set = None,
    as_json: AsJson = False,
) -> None:
    """Train a photo encoder further on a shop's photos, and bring a text encoder into its space; Ctrl-C keeps what was
    learned so far.

    With --queries, photos of shoppers are learned by their products, each of which gets a vector of its own beside
    those of its photos. Settings for --set: text (an encoder), image_size, batch, epochs, steps and seed.
    """
    from ltr_plugin.encoders.training.trainers import FINETUNE

    _train(
        FINETUNE, "a fine-tuned encoder", catalog, out, queries, qrels, minutes, set_, {"start": start},
        resume=resume, as_json=as_json,
    )  # fmt: skip


@app.command()
def export(
    spec: Spec,
    out: Annotated[Path, typer.Option(help="Folder of the exported encoder.")],
    quantize: Annotated[
        str | None, typer.Option(help="int8: a quarter of the size and faster on a CPU, but slightly other vectors.")
    ] = None,
    sample: Annotated[
        Path | None, typer.Option(help="Catalog whose texts and photos are compared. Default: generated ones.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Export an encoder to ONNX, and measure how its speed and its vectors change.

    Encoders of sentence-transformers, open_clip and timm can be exported, and aligned ones, to be used as onnx:FOLDER.
    """
    from ltr_plugin.encoders.export.export import export as export_encoder

    with progress_bar("exporting") as progress:
        report = export_encoder(spec, out, quantize=quantize, sample=sample, progress=progress)
    facts = {**asdict(report), "folder": str(report.folder), "encoder": report.spec}
    print_result(facts, report.to_summary(), as_json=as_json)


@app.command()
def fingerprint(spec: Spec, as_json: AsJson = False) -> None:
    """Print what identifies an encoder; vectors can be compared only when their fingerprints are equal."""
    from ltr_plugin.encoders import load_encoder

    fingerprint = load_encoder(spec).fingerprint
    facts = {**asdict(fingerprint), "digest": fingerprint.digest}
    print_result(facts, "\n".join(f"{name:14}{value}" for name, value in facts.items()), as_json=as_json)


def _train(
    trainer: "Trainer",
    what: str,
    catalog: Path,
    out: Path,
    queries: Path | None,
    qrels: Path | None,
    minutes: float | None,
    assignments: list[str] | None,
    chosen: dict[str, str | None],
    *,
    resume: bool,
    as_json: bool,
) -> None:
    """Trains with the settings of options, `chosen`, and of --set, and prints the report."""
    from ltr_plugin.encoders.training.fitting import Budget

    settings = _settings(trainer, what, assignments, {"seed", "steps", "epochs", *trainer.options} - chosen.keys())
    budget = Budget(minutes, settings.pop("steps", None), settings.pop("epochs", None))
    settings |= {name: value for name, value in chosen.items() if value is not None}
    try:
        with progress_bar("training") as progress:
            report = trainer(
                catalog, out, queries=queries, qrels=qrels, budget=budget, resume=resume, progress=progress,
                **settings,
            )  # fmt: skip
    except KeyboardInterrupt:  # not in a training step, after which the encoder is written
        kept = f"{out} is as it was; the same command continues it" if resume else "nothing was kept; start again"
        raise VerbInterruptedError(f"interrupted; {kept}") from None
    for reason in report.unusable:
        typer.echo(f"left out {reason}", err=True)
    facts = {**asdict(report), "folder": str(report.folder), "encoder": report.spec}
    print_result(facts, report.to_summary(), as_json=as_json)


def _settings(trainer: "Trainer", what: str, assignments: list[str] | None, known: set[str]) -> dict[str, Any]:
    """The settings of `--set` among the `known`, of the types that the training function states; InputError for any
    other name or value."""
    from ltr_plugin.encoders.training.fitting import Budget
    from ltr_plugin.validation import decode

    module, _, name = trainer.entry_point.partition(":")
    types = {**get_type_hints(getattr(import_module(module), name)), **get_type_hints(Budget)}
    texts = read_assignments(assignments, known, what)
    return {name: decode(types[name], text, source=f"--set {name}") for name, text in texts.items()}


def _install_hint(extra: str) -> str:
    how = f", pip install 'ltr-plugin[{extra}]'" if extra else ""
    return f" (not installed{how})"
