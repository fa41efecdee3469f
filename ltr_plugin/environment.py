"""Variables of the environment: those of the cluster have two names each, and the values of secrets may be in files."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ltr_plugin.credentials import read_secrets
from ltr_plugin.errors import InputError

CLUSTER, ALIAS = "OPENSEARCH_", "ELASTICSEARCH_"
"""How the names of the cluster's variables begin; those of one cluster begin alike."""

_SHARED = re.compile(f"({CLUSTER}|{ALIAS})(?!AWS_|CLOUD_ID)")
"""The beginning of a name that both search engines have."""


@dataclass(frozen=True)
class Environment:
    """The variables that are set, those of the cluster under the names that begin with CLUSTER.

    `prefix` is how these begin in the environment. `in_files` are the names there of values that were read from files.
    """

    values: tuple[tuple[str, str], ...]
    in_files: frozenset[str]
    prefix: str

    def place(self, name: str) -> str:
        """The variable that stated the value of another one, which may be that of a file."""
        stated = renamed(name, self.prefix)
        return f"{stated}_FILE" if stated in self.in_files else stated


def read_environment(names: Iterable[str], secrets: Iterable[str]) -> Environment:
    """Those of these variables that are set; a secret NAME may be in the file that `NAME_FILE` names.

    InputError for a file that cannot be read, and when variables of the cluster begin differently.
    """
    stated = _stated(names)
    files = _stated(f"{name}_FILE" for name in _with_aliases(secrets))
    read = read_secrets({name.removesuffix("_FILE"): path.strip() for name, path in files.items()}, stated)
    values = stated | read
    first, *others = [name for name in values if _SHARED.match(name)] or [next(filter(_of_cluster, values), CLUSTER)]
    prefix = ALIAS if first.startswith(ALIAS) else CLUSTER
    if wrong := next((name for name in others if not name.startswith(prefix)), None):
        raise InputError("environment", f"{first} and {wrong} are set; all variables of a cluster begin alike")
    return Environment(
        tuple((renamed(name, CLUSTER), value) for name, value in values.items()), frozenset(read), prefix
    )


def renamed(text: str, prefix: str) -> str:
    """A text in which the names of the cluster's variables begin with this prefix, where there is such a name."""
    return _SHARED.sub(prefix, text)


def _stated(names: Iterable[str]) -> dict[str, str]:
    return {name: value for name in _with_aliases(names) if (value := os.environ.get(name, "")).strip()}


def _with_aliases(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return [*listed, *(renamed(name, ALIAS) for name in listed if _SHARED.match(name))]


def _of_cluster(name: str) -> bool:
    return name.startswith((CLUSTER, ALIAS))
