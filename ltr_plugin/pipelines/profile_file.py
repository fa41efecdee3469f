"""Profiles in YAML files, with the encoders and the query of their first pass that they name."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.errors import EncoderError, InputError, Problem
from ltr_plugin.pipelines.first_pass.check import with_query_file
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.validation import decode, read_yaml

UNKNOWN = Fingerprint("", "", "", 0, "", "")
"""The fingerprint of an encoder that cannot be loaded."""


def read_profile(path: Path | str) -> IndexProfile:
    """The profile in a YAML file; a vector without a `fingerprint` gets that of its encoder, which is loaded.

    InputError lists every mistake in the file, an encoder that cannot be loaded among them.
    """
    profile, problems = read_loosely(Path(path))
    if problems:
        raise InputError(str(path), problems)
    return profile


def read_loosely(path: Path) -> tuple[IndexProfile, list[Problem]]:
    """The profile in a file, and which of its encoders cannot be loaded: their fingerprints are UNKNOWN in it.

    InputError lists every other mistake.
    """
    value, problems = read_yaml(path), []
    entries = value.get("vectors") if isinstance(value, dict) else None
    if isinstance(entries, list):
        completed = []
        for position, entry in enumerate(entries):
            try:
                completed.append(_completed(entry))
            except EncoderError as error:
                problems.append(Problem(f"$.vectors[{position}].encoder", str(error)))
                completed.append({**entry, "fingerprint": asdict(UNKNOWN)})
        value = {**value, "vectors": completed}
    value, unread = with_query_file(value, path.parent)
    try:
        profile = decode(IndexProfile, value, source=str(path))
    except InputError as error:
        raise InputError(str(path), [*error.problems, *problems, *unread]) from None
    if unread:
        raise InputError(str(path), [*problems, *unread])
    return profile, problems


def _completed(entry: Any) -> Any:  # noqa: ANN401 - what a file has there
    """An entry of `vectors` with the fingerprint of its encoder, where it names one and no fingerprint."""
    if not isinstance(entry, dict) or "fingerprint" in entry or not isinstance(entry.get("encoder"), str):
        return entry
    from ltr_plugin.encoders.registry import load_encoder, resolve_spec

    spec = resolve_spec(entry["encoder"])
    return {**entry, "encoder": spec, "fingerprint": asdict(load_encoder(spec).fingerprint)}
