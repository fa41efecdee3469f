"""Libraries of encoders in other packages, registered as entry points of the group `ltr_plugin.encoders`.

The name of an entry point is that of its library. So a package is imported only when its library is named or listed,
and one that cannot be imported is in nobody else's way.
https://packaging.python.org/en/latest/specifications/entry-points/
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from ltr_plugin.catalog.product import MODALITIES
from ltr_plugin.encoders.protocol import Encoder, Library
from ltr_plugin.encoders.runtime.checked_encoder import CheckedEncoder
from ltr_plugin.errors import EncoderError

GROUP = "ltr_plugin.encoders"

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")

log = logging.getLogger(__name__)


def find_libraries(taken: frozenset[str]) -> Mapping[str, EntryPoint]:
    """The entry points by name; those whose name is `taken`, or no name, are logged once and left out."""
    return _find(taken, tuple(sys.path))


@lru_cache(maxsize=4)  # packages are searched in milliseconds, and encoders are looked up at every query
def _find(taken: frozenset[str], path: tuple[str, ...]) -> Mapping[str, EntryPoint]:  # noqa: ARG001 - a key of the cache
    found: dict[str, EntryPoint] = {}
    for one in entry_points(group=GROUP):
        if not _NAME.fullmatch(one.name):
            log.warning("%s is left out: its name has letters, digits and . - _ only", _described(one))
        elif one.name in taken:
            log.warning("%s is left out: ltr-plugin has a library of this name", _described(one))
        elif one.name in found and found[one.name].value != one.value:
            log.warning("%s is left out: so is the name of %s", _described(one), _described(found[one.name]))
        else:
            found[one.name] = one
    return found


def usable_libraries(taken: frozenset[str]) -> Iterator[Library]:
    """The libraries that can be imported; the others are logged."""
    for one in find_libraries(taken).values():
        try:
            yield load_library(one)
        except EncoderError as error:
            log.warning("%s", error)


@lru_cache(maxsize=64)
def load_library(entry_point: EntryPoint) -> Library:
    """The library of an entry point, whose encoders and vectors are checked.

    EncoderError, which names the package, when it cannot be imported, or is no library.
    """
    described = _described(entry_point)
    try:
        library = entry_point.load()
    except Exception as error:  # a package may raise anything
        raise EncoderError(f"{described} cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(library, Library):
        raise EncoderError(f"{described} is no ltr_plugin.encoders.Library, but a {type(library).__name__}")
    if library.name != entry_point.name:
        raise EncoderError(f"{described} has another name in its Library, {library.name!r}; write the same")
    if not library.modalities or not set(library.modalities) <= set(MODALITIES):
        raise EncoderError(f"{described} needs modalities among {', '.join(MODALITIES)}")
    if not library.module.isidentifier():
        raise EncoderError(f"{described} needs as `module` the name of the top-level module that its encoders use")

    def load(model: str) -> Encoder:
        return CheckedEncoder(library.load(model), library, f"{library.name}:{model}")

    return replace(library, load=load)


def _described(entry_point: EntryPoint) -> str:
    package = f" of package {entry_point.dist.name}" if entry_point.dist else ""
    return f"encoder library {entry_point.name!r}{package} ({entry_point.value})"
