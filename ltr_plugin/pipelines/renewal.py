"""Releases over a change of the fields of their index: templates go on finding products when its name is moved."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.localized import LANGUAGE, LANGUAGE_PARAMETER
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.mapping import index_body, schema_meta
from ltr_plugin.cluster.managed.profile import managed_profile
from ltr_plugin.cluster.managed.versions import read_notes, versions
from ltr_plugin.cluster.profiles import ProfileRevision, latest_revision, put_profile, read_revision
from ltr_plugin.cluster.releases import Release, ReleaseHistory, current_releases
from ltr_plugin.engines import VECTOR_TYPES
from ltr_plugin.errors import InputError, Problem
from ltr_plugin.pipelines.releases import promote
from ltr_plugin.profile.check import profile_problems
from ltr_plugin.profile.index_fields import OBJECT, index_fields
from ltr_plugin.queries.templates import BASELINES

SUBSTITUTE = "first-pass"
"""The ranking that serves in place of a ranker whose fields are gone."""

_MAX_NAMED = 5
"""Fields that a message names."""


@dataclass(frozen=True)
class Renewed:
    """A template that serves an index whose fields have changed, by a ranker. `problem` says what is left to do; it
    `failed` where the template stays as it is."""

    template: str
    ranker: str
    problem: str | None = None
    failed: bool = False


def require_kept_fields(index: ManagedIndex, schema: CatalogSchema) -> None:
    """InputError names the templates that rank an index by rankers which read fields that this schema does not have."""
    lost = _lost(index.mapping, index_body(index.cluster.engine, [], Path(), schema=schema)["mappings"])
    problems = [
        Problem(
            f"template {one.template}",
            f"ranks by {one.metadata['ranker']}, which reads {_listed(read)}: the next version does not have that. "
            f"--force moves the name all the same, and {SUBSTITUTE} ranks until a ranker of the new fields is promoted",
        )
        for one in current_releases(index.cluster, index.alias)
        if (read := _read_by_ranker(index, one, schema) & lost)
    ]
    if problems:
        raise InputError(f"index {index.alias}", problems)


def renew_releases(index: ManagedIndex) -> list[Renewed]:
    """Promotes what ranks an index again, where the version before it had other fields or languages.

    A ranker that reads fields which are gone is replaced by SUBSTITUTE: searches by it would find nothing.
    """
    before = _previous(index)
    if before is None or _stated(before) == _stated(index):
        return []
    return list(_renew(before, index))


def restore_profile(index: ManagedIndex) -> int | None:
    """Keeps the latest profile again that names only fields of an index, where that of now names others; returns its
    revision. InputError where none does."""
    latest = latest_revision(index.cluster, index.alias)
    if latest is None or _fits(latest, index):
        return None
    for number in range(latest.number - 1, 0, -1):
        if _fits(earlier := read_revision(index.cluster, index.alias, number), index):
            put_profile(index.cluster, index.alias, earlier.profile)
            return number
    raise InputError(
        f"index {index.alias}",
        f"its profile names fields that {index.name} does not have; keep another with `ltr profile put`",
    )


def _fits(revision: ProfileRevision, index: ManagedIndex) -> bool:
    whole = managed_profile(index.mapping["_meta"], revision.profile)
    return not profile_problems(whole, index_fields(index.mapping))


def _renew(before: ManagedIndex, index: ManagedIndex) -> Iterator[Renewed]:
    lost = _lost(before.mapping, index.mapping)
    searched = Index.open(index.cluster, index.alias)
    for one in current_releases(index.cluster, index.alias):
        ranker = str(one.metadata["ranker"])
        read = _read_by_ranker(before, one, index.schema) & lost
        try:
            promote(searched, SUBSTITUTE if read else ranker, one.template)
        except InputError as error:
            reason = f"serves {ranker} by the former profile: {'; '.join(map(str, error.problems))}"
            yield Renewed(one.template, ranker, reason, failed=True)
        else:
            missing = f"{ranker} reads {_listed(read)}, which {index.name} does not have; log features, train, push "
            yield Renewed(one.template, *((SUBSTITUTE, f"{missing}and promote again") if read else (ranker,)))


def _previous(index: ManagedIndex) -> ManagedIndex | None:
    """The version that was active before, if there still is one."""
    name = read_notes(index).get("previous_index")
    return ManagedIndex.open(index.cluster, name) if name in versions(index.cluster, index.alias) else None


def _stated(index: ManagedIndex) -> dict[str, Any]:
    return schema_meta(index.schema, synonyms=False)


def _lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The fields that only the first of two mappings has. Vectors are those of the encoders, which may be others, and
    `stats` are mapped as products have them."""
    fields = [
        {one.path for one in index_fields(mapping).values() if one.type not in {OBJECT, *VECTOR_TYPES}}
        for mapping in (before, after)
    ]
    return {path for path in fields[0] - fields[1] if not path.startswith("stats.")}


def _read_by_ranker(index: ManagedIndex, release: Release, schema: CatalogSchema) -> set[str]:
    """The fields that the ranker of a release reads, and those that it was trained to find products by; none of a
    baseline, which any profile renders. Fields by language are those of the languages that stay, if any do."""
    if (ranker := str(release.metadata["ranker"])) in BASELINES:
        return set()
    trained = ReleaseHistory(index.cluster, release.template).current().get("profile", {})
    features = (FeatureStore(index.cluster).model(ranker) or {}).get("feature_set", {})
    text = json.dumps([trained, features])
    codes = [code for code in index.schema.languages if code in schema.languages] or list(index.schema.languages)
    texts = [_in_language(text, code) for code in codes] or [text]
    return {quoted for one in texts for quoted in re.split(r"[\"'\\^]+", one)}


def _in_language(text: str, code: str) -> str:
    return text.replace(f"{{{{{LANGUAGE_PARAMETER}}}}}", code).replace(LANGUAGE, code)


def _listed(fields: set[str]) -> str:
    named = sorted(fields)
    more = f" and {len(named) - _MAX_NAMED} more fields" if len(named) > _MAX_NAMED else ""
    return ", ".join(named[:_MAX_NAMED]) + more
