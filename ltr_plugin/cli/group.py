"""Groups of verbs: an overview with whole sentences, and one sentence for a verb that has another name now."""

from collections.abc import Mapping
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

from ltr_plugin.errors import InputError


class VerbGroup(TyperGroup):
    """Verbs with their first paragraph of help in full: the formatter wraps it instead of cutting it.

    Contexts and formatters are of type Any, because Typer brings its own copy of click or takes the installed one.
    """

    renamed: ClassVar[Mapping[str, str]] = {}
    """Verbs of earlier releases, with what replaces them."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Writes the list of verbs."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.summary(ctx, name)) for name in self.list_commands(ctx)])

    def summary(self, ctx: Any, name: str) -> str:  # noqa: ANN401
        """The first paragraph of a verb's help."""
        verb = self.get_command(ctx, name)
        return " ".join(((verb and verb.help) or "").split("\n\n")[0].split())

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """The verb that is named; InputError names the new verb for an earlier one."""
        if new := self.renamed.get(args[0]):
            raise InputError(f"ltr {args[0]}", f"this command is now `{new}`")
        return super().resolve_command(ctx, args)


def verb_group(help_: str, cls: type[VerbGroup] = VerbGroup) -> typer.Typer:
    """An application of several verbs."""
    return typer.Typer(help=help_, cls=cls, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
