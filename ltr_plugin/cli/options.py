"""Options that verbs share, and options made from the code they set: a default is written down once, in that code."""

import inspect
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel

from ltr_plugin.errors import InputError

if TYPE_CHECKING:
    from ltr_plugin.cluster.index import Index

DEFAULT_INDEX = "products"
HELP_WIDTH = 72
"""Width of lines that the help formatter does not wrap: 80 columns less the indentation."""

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
IndexName = Annotated[str, typer.Option("--index", "-i", help="Name of the index.")]
ProfileFile = Annotated[
    Path | None,
    typer.Option(
        "--profile",
        metavar="FILE",
        help="Profile that says what the fields of the index mean (YAML). Default: the one that the cluster keeps.",
    ),
]
IndexArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the index.")]
Encoder = Annotated[str | None, typer.Option(metavar="LIBRARY:MODEL", help="Encoder, or `none` for no vectors.")]
VideoEncoder = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LIBRARY:MODEL",
        help="As above. Repeat the option for several: of frames, of the sound track, of motion.",
    ),
]
ReviewEncoder = Annotated[
    str | None,
    typer.Option(
        metavar="LIBRARY:MODEL",
        help="Encoder of the texts of reviews, of up to 20 of each product. Default: no vectors of reviews.",
    ),
]
Wait = Annotated[
    bool,
    typer.Option(
        "--wait/--no-wait",
        help="Wait until all vectors are made. With --no-wait the workers of the broker make them later.",
    ),
]
MediaRoot = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="Folder of the media that products name by a relative path. "
        "Default: the folder of the file, without a file the current folder.",
    ),
]
NewIndexProfile = Annotated[
    Path | None,
    typer.Option(
        "--profile", help="Profile (YAML) that declares the fields and the languages of the products of a new index."
    ),
]
SkipInvalid = Annotated[bool, typer.Option("--skip-invalid", help="Report wrong lines and continue without them.")]
QueriesFile = Annotated[
    Path | None,
    typer.Option(
        "--queries", help="File of queries (JSON Lines). Default: the texts of queries that the judgments name."
    ),
]
QrelsFile = Annotated[
    Path,
    typer.Option(
        "--qrels", help="File of judgments: TREC qrels, Quepid's CSV, or the Search Relevance Workbench's JSON."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Another setting. Repeat the option for several settings."),
]


def open_index(name: str, profile: Path | None = None) -> "Index":
    """The index that --index names, with the profile that --profile does; what it has otherwise than the one that the
    cluster keeps is printed on standard error."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.index import Index

    if profile is None:
        return Index.open(connect(), name)
    from ltr_plugin.pipelines.profile_file import read_profile
    from ltr_plugin.pipelines.profiles import differences_from_kept

    stated = read_profile(profile)
    index = Index.open(connect(), name, profile=stated)
    if differences := differences_from_kept(index):
        typer.echo(f"ltr: {profile} differs from the profile of {name} that the cluster keeps:", err=True)
        for difference in differences:
            typer.echo(f"  {difference}", err=True)
    return index


class DefaultOf:
    """The default that a function gives one of its parameters, read when it is used: its module may be heavy."""

    def __init__(self, function: str, parameter: str) -> None:
        """`function` is `module:name`, below `ltr_plugin`."""
        self._function = function
        self._parameter = parameter

    def __call__(self) -> Any:  # noqa: ANN401 - whatever the default is
        """The default."""
        module, _, name = self._function.partition(":")
        function = getattr(import_module(f"ltr_plugin.{module}"), name)
        return inspect.signature(function).parameters[self._parameter].default

    def __str__(self) -> str:
        """The default as help texts show it."""
        default = self()
        return ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)


def option_parameters(settings: type[BaseModel], names: Iterable[str]) -> list[inspect.Parameter]:
    """A command-line option for each of these fields of a settings class, with its default and description."""
    return [_option_parameter(settings, name) for name in names]


def other_settings(settings: type[BaseModel], names: Sequence[str]) -> str:
    """The fields that have no option of their own, as a paragraph of a help text, which keeps its lines."""
    others = {name: field for name, field in settings.model_fields.items() if name not in names}
    lines = [
        line
        for name, field in others.items()
        for line in wrap(f"{name}={field.default}  {field.description or ''}", HELP_WIDTH, subsequent_indent="    ")
    ]
    return "\n".join(["\b", "Other settings for --set, with their defaults:", *(f"  {line}" for line in lines)])


def read_assignments(assignments: Sequence[str] | None, known: Iterable[str], what: str) -> dict[str, str]:
    """The NAME=VALUE pairs of `--set`. InputError for one without `=`, or with a name that is not among `known`."""
    settings: dict[str, str] = {}
    names = sorted(known)
    for assignment in assignments or ():
        name, equals, value = assignment.partition("=")
        if not equals:
            raise InputError("--set", f"{assignment!r} has no value; write NAME=VALUE")
        if name not in names:
            raise InputError("--set", f"{what} has no setting {name!r}; it has: {', '.join(names)}")
        settings[name] = value
    return settings


def with_signature(function: Any, parameters: Sequence[inspect.Parameter]) -> Any:  # noqa: ANN401 - any function
    """The function, which takes any keywords, with these parameters as Typer reads them."""
    function.__signature__ = inspect.Signature(list(parameters))
    function.__annotations__ = {one.name: one.annotation for one in parameters}
    return function


def parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:  # noqa: ANN401
    """A parameter of a generated command."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _option_parameter(settings: type[BaseModel], name: str) -> inspect.Parameter:
    field = settings.model_fields[name]
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    option = typer.Option(help=field.description, metavar=f"[{'|'.join(choices)}]" if choices else None)
    return parameter(name, Annotated[str if choices else field.annotation, option], field.default)
