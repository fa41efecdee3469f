"""Names of indices, feature stores, models and search templates: each stands for one thing, and is safe in a path."""

import re

from ltr_plugin.errors import InputError

_NAME = re.compile(r"""[^-_+\\/*?"<>|,#%&:\s][^\\/*?"<>|,#%&:\s]*""")


def is_name(value: object) -> bool:
    """Whether a value can name one index, store, model or template: no wildcard, no list of names, no path."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None and set(value) != {"."}


def require_name(what: str, name: str, *, lower_case: bool = False) -> str:
    """The name. InputError about `what` when it cannot name one thing, or with `lower_case` has capital letters."""
    if not is_name(name) or (lower_case and name != name.lower()):
        case = "lower-case letters" if lower_case else "letters"
        raise InputError(
            what, f"{name!r} is no name; use {case}, digits, '-', '_' and '.', and begin with no '-' or '_'"
        )
    return name


def write_alias(name: str) -> str:
    """The alias through which bulk writes reach the index of this name, and no other.

    It is deleted with its index, so a late write is refused; one to the name would make an index without a mapping.
    """
    return f"{name}-writes"
