"""Groups of verbs: an overview with whole sentences, and one sentence for a verb that has another name now."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

from ltr_plugin.errors import InputError, LtrError

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


class VerbInterruptedError(LtrError):
    """Ctrl-C ended a verb; the message says what that leaves."""

    exit_code = INTERRUPTED


class VerbGroup(TyperGroup):
    """Verbs with their first paragraph of help in full: the formatter wraps it instead of cutting it.

    Contexts and formatters are of type Any, because Typer brings its own copy of click or takes the installed one.
    """

    renamed: ClassVar[Mapping[str, str]] = {}
    """Verbs of earlier releases, with what replaces them."""

    continuing: ClassVar[frozenset[str]] = frozenset()
    """Verbs that keep what they did when they are interrupted, and go on from there."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Writes the list of verbs."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.summary(ctx, name)) for name in self.list_commands(ctx)])

    def summary(self, ctx: Any, name: str) -> str:  # noqa: ANN401
        """The first paragraph of a verb's help."""
        verb = self.get_command(ctx, name)
        return " ".join(((verb and verb.help) or "").split("\n\n")[0].split())

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Runs the verb that is named; after Ctrl-C, VerbInterruptedError says so where the same command goes on."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            goes_on = ctx.invoked_subcommand in self.continuing
            raise VerbInterruptedError(
                f"interrupted{'; the same command continues where it stopped' * goes_on}"
            ) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """The verb that is named; InputError names the new verb for an earlier one."""
        if new := self.renamed.get(args[0]):
            raise InputError(f"ltr {args[0]}", f"this command is now `{new}`")
        return super().resolve_command(ctx, args)


EARLIER_OPTIONS: Mapping[str, str] = {
    "--status": "ltr index status",
    "--rollback": "ltr index rollback",
    "--drop-old": "ltr index drop",
    "--delete": "ltr catalog delete",
    "--reembed": "ltr index embed --reembed",
    "--retry-errors": "ltr index embed --retry-errors",
    "--watch": "ltr catalog watch",
    "--update": "ltr catalog update",
    "--replace": "ltr index create --from",
}
"""What replaces each option of the one verb `ltr index` of release 0.1."""


class IndexGroup(VerbGroup):
    """Verbs of indices; `ltr index FILE` of release 0.1 is refused with the name of the verb that replaces it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's context
        """The arguments of the verb; InputError for those of the earlier verb."""
        first = args[0] if args else "--help"
        earlier = first.startswith("-") or Path(first).suffix or Path(first).is_file()
        if earlier and first not in ctx.help_option_names:
            new = next((new for option, new in EARLIER_OPTIONS.items() if option in args), "ltr catalog put")
            raise InputError("ltr index", f"this command is now `{new}`")
        return super().parse_args(ctx, args)


def verb_group(help_: str, cls: type[VerbGroup] = VerbGroup, *, continuing: Iterable[str] = ()) -> typer.Typer:
    """An application of several verbs; those `continuing` go on where they were interrupted."""
    cls = type(cls.__name__, (cls,), {"continuing": frozenset(continuing)})
    return typer.Typer(help=help_, cls=cls, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
