"""Profiles in YAML files, with the encoders and the query of their first pass that they name."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.catalog.word_files import read_compound_words, read_synonyms
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
    value, wrong = with_word_files(value, path.parent)
    unread += wrong
    try:
        profile = decode(IndexProfile, value, source=str(path))
    except InputError as error:
        raise InputError(str(path), [*error.problems, *problems, *unread]) from None
    if unread:
        raise InputError(str(path), [*problems, *unread])
    return profile, problems


def with_word_files(profile: Any, folder: Path) -> tuple[Any, list[Problem]]:  # noqa: ANN401 - what a file has
    """The value of a profile's file with the lines of the files that `analysis` names, in `folder`; and what is wrong
    with them."""
    analysis = profile.get("analysis") if isinstance(profile, dict) else None
    if not isinstance(analysis, dict):
        return profile, []
    read, problems = {}, []
    for key, reader in (
        ("compound_words", read_compound_words),
        ("synonyms", lambda path: read_synonyms(path).values()),
    ):
        if isinstance(name := analysis.get(key), str):
            try:
                read[key] = tuple(reader(folder / name))
            except InputError as error:
                read[key] = ()
                problems += [
                    Problem(f"$.analysis.{key}", " ".join(filter(None, (str(folder / name), str(one)))))
                    for one in error.problems
                ]
    return {**profile, "analysis": {**analysis, **read}}, problems


def _completed(entry: Any) -> Any:  # noqa: ANN401 - what a file has there
    """An entry of `vectors` with the fingerprint of its encoder, where it names one and no fingerprint."""
    if not isinstance(entry, dict) or "fingerprint" in entry or not isinstance(entry.get("encoder"), str):
        return entry
    from ltr_plugin.encoders.registry import load_encoder, resolve_spec

    spec = resolve_spec(entry["encoder"])
    return {**entry, "encoder": spec, "fingerprint": asdict(load_encoder(spec).fingerprint)}
