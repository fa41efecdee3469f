"""Profiles of indices: drafted from an index, checked against it, and kept in the cluster."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index, get_index
from ltr_plugin.cluster.managed.mapping import index_body, is_managed, schema_meta
from ltr_plugin.cluster.managed.profile import (
    MAX_TEXT_FIELDS,
    effective_profile,
    managed_profile,
    managed_schema,
    without_room,
)
from ltr_plugin.cluster.managed.schema_check import schema_problems
from ltr_plugin.cluster.profiles import ProfileRevision, put_profile, read_revision, stored_profile
from ltr_plugin.engines import OPENSEARCH, VECTOR_TYPES
from ltr_plugin.errors import ClusterError, EncoderError, InputError, Problem, counted
from ltr_plugin.pipelines.first_pass.check import first_pass_problems, first_pass_warnings, refused_queries
from ltr_plugin.pipelines.profile_file import read_loosely
from ltr_plugin.pipelines.serving import refused_pages
from ltr_plugin.profile.check import profile_problems, profile_warnings
from ltr_plugin.profile.differences import profile_differences
from ltr_plugin.profile.draft import Guess, VectorGuess, draft_profile
from ltr_plugin.profile.index_fields import index_fields
from ltr_plugin.profile.index_profile import IndexProfile, value_at
from ltr_plugin.profile.language_draft import with_languages
from ltr_plugin.profile.yaml_file import draft_yaml, profile_yaml

SAMPLE, ENCODED_SAMPLE = 200, 20
"""Documents that a draft is guessed from, and those whose texts are encoded to compare vectors."""

LARGE_SHARD = 50_000
"""Documents of a shard in which words are about as rare as in the others."""

SEED = 7
"""Seed of the sample: the same documents each time, while the index stays as it is."""

OWN = "it belongs to the index, which `ltr index create` made; leave it out"
Documents = Sequence[tuple[str, Mapping[str, Any]]]
"""Documents of an index by id."""

ReadProduct = Callable[[str, Mapping[str, Any]], Product]
"""Reads the product of a document, given its id and its source."""


@dataclass(frozen=True)
class ProfileCheck:
    """A profile that fits its index. `notes` are what was measured, `warnings` what may be wrong all the same."""

    profile: IndexProfile
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Target:
    """An index that a profile is for, opened without one."""

    cluster: Cluster
    alias: str
    name: str
    mapping: Mapping[str, Any]
    settings: Mapping[str, Any]

    @classmethod
    def open(cls, cluster: Cluster, alias: str) -> "_Target":
        name, body = get_index(cluster, alias)
        return cls(cluster, alias, name, body["mappings"], body["settings"]["index"])

    @property
    def managed(self) -> bool:
        return is_managed(self.alias, self.mapping.get("_meta", {}))

    def sample(self, size: int, *, without: Sequence[str] = ()) -> list[tuple[str, Mapping[str, Any]]]:
        """Documents drawn at random, by id, without these fields."""
        drawn = {"function_score": {"query": {"match_all": {}}, "random_score": {"seed": SEED, "field": "_seq_no"}}}
        body = {"query": drawn, "size": size, "_source": self.cluster.engine.source(without=without)}
        hits = self.cluster.call("POST", f"/{self.name}/_search", body)["hits"]["hits"]
        return [(hit["_id"], hit.get("_source", {})) for hit in hits]


def draft_index_profile(cluster: Cluster, name: str, file: Path = Path("index.yaml")) -> str:
    """The text of a first profile of an index, with reasons; of one that this library made, the profile it has.

    `file` is what it will be written to. Errors as of `Index.open`; InputError, too, for an index without a text field,
    which no first pass can search.
    """
    target = _Target.open(cluster, name)
    if target.managed:
        head = [f"Profile of {name}, which this library made: its vectors and its media are its own."]
        return profile_yaml(_own_profile(target), head)
    vectors = [one.path for one in index_fields(target.mapping).values() if one.type in VECTOR_TYPES]
    documents = target.sample(SAMPLE, without=vectors)
    draft = draft_profile(target.mapping, target.settings, documents)
    draft = replace(draft, search_type=_search_type(target))
    draft = with_languages(draft, index_fields(target.mapping, (document for _, document in documents)))
    if not draft.text_fields:
        reason = "it has no text field with content, so there is nothing that a first pass could search"
        raise InputError(f"index {name}", reason)
    encoded = target.sample(ENCODED_SAMPLE) if draft.vectors else []
    read = partial(draft.product_fields().product, codes=tuple(draft.languages))
    draft = replace(draft, vectors=tuple(_recognized(one, read, encoded) for one in draft.vectors))
    sample = counted(len(documents), "document")
    head = [
        f"Index profile: what the fields of {name} mean, guessed from its mapping, its analyzers and {sample}.",
        "Each guess has its reason beside it. Correct what is wrong, then run",
        f"    ltr profile check {file} --index {name}",
        f"    ltr profile put {file} --index {name}",
        *([f"    ltr profile measure --index {name} --put"] if any(one.encoder for one in draft.vectors) else []),
    ]
    return draft_yaml(draft, head)


def _search_type(target: _Target) -> Guess | None:
    """The search type of an index of small shards, in which a word is not as rare as in another one."""
    shards = int(target.settings["number_of_shards"])
    documents = int(target.cluster.call("GET", f"/{target.name}/_count")["count"])
    if shards == 1 or documents // shards >= LARGE_SHARD:
        return None
    return Guess("dfs_query_then_fetch", f"{shards} shards, of about {documents // shards:,} documents each")


def check_profile(cluster: Cluster, name: str, stated: IndexProfile | Path) -> ProfileCheck:
    """The check of a profile, or of the file of one, against an index, its encoders included.

    InputError lists every mistake: fields that are not there or of another type, encoders that cannot be loaded or are
    not those that the profile states, and what an index of this library has itself.
    """
    profile = (
        stated if isinstance(stated, IndexProfile) else read_loosely(stated)[0]
    )  # its encoders are tried again below
    source = f"profile of {name}" if isinstance(stated, IndexProfile) else str(stated)
    target = _Target.open(cluster, name)
    documents = target.sample(ENCODED_SAMPLE)
    fields = index_fields(target.mapping, (document for _, document in documents))
    whole = effective_profile(name, target.mapping.get("_meta", {}), profile) or profile
    problems = profile_problems(whole, fields)
    if target.managed:
        problems += [*_own_parts(profile), *_too_many_searched(profile)]
        problems += _other_schema(profile, managed_schema(target.mapping["_meta"]), name)
    notes: list[str] = []
    warnings: list[str] = []
    for position, vector in enumerate(profile.vectors):
        place = f"$.vectors[{position}]"
        found = _encoder_problem(place, vector)
        problems += [found] if found else []
        if found or vector.content != "text" or any(problem.location.startswith(f"{place}.") for problem in problems):
            continue
        note, fits = _measured(vector, profile.read_product, documents)
        (notes if fits else warnings).append(f"{vector.name}: {note}")
    problems += first_pass_problems(whole)
    if not problems:
        index = Index.open(cluster, name, profile=whole)
        problems += list(refused_queries(index)) or list(refused_pages(index))
    if problems:
        raise InputError(source, problems)
    warnings += [*profile_warnings(profile, fields), *first_pass_warnings(whole)]
    warnings += room_warnings(whole, profile) if target.managed else []
    return ProfileCheck(profile, tuple(notes), tuple(warnings))


def keep_profile(cluster: Cluster, name: str, stated: IndexProfile | Path) -> tuple[ProfileRevision, ProfileCheck]:
    """Checks a profile as `check_profile` does, then keeps it in the cluster for all who open the index."""
    checked = check_profile(cluster, name, stated)
    return put_profile(cluster, name, checked.profile), checked


def room_warnings(profile: IndexProfile, stated: IndexProfile) -> list[str]:
    """Which default filters an index of this library has no room for, if any."""
    if not (lacking := without_room(profile, stated)):
        return []
    limit = "a search template has at most 65,535 characters"
    advice = "state in `filters` those that a page needs, the others without a facet"
    return [f"no room for {', '.join(lacking)}: {limit}; {advice}"]


def check_new_profile(profile: IndexProfile, source: str) -> None:
    """InputError with every mistake of a profile for an index that is yet to be made with its fields."""
    if problems := schema_problems(profile):
        raise InputError(source, problems)
    body = index_body(OPENSEARCH, [], Path(), schema=profile)["mappings"]
    whole = managed_profile(body["_meta"], profile)
    problems = [*profile_problems(whole, index_fields(body)), *_own_parts(profile), *_too_many_searched(profile)]
    if problems:
        raise InputError(source, problems)


def kept_profile(cluster: Cluster, name: str, number: int | None = None) -> ProfileRevision:
    """The profile that the cluster keeps for an index, by its revision or the latest.

    Revision 0 is that of an index which this library made, where none is kept. InputError where there is none.
    """
    if number is None and stored_profile(cluster, name) is None and (target := _Target.open(cluster, name)).managed:
        return ProfileRevision(name, 0, _own_profile(target))
    return read_revision(cluster, name, number)


def whole_profile(cluster: Cluster, name: str) -> ProfileRevision:
    """The latest one, for people to read: that of an index of this library with all that it leaves out, such as the
    default filters. Errors as of `kept_profile`."""
    kept = kept_profile(cluster, name)
    target = _Target.open(cluster, name)
    return replace(kept, profile=_own_profile(target)) if target.managed else kept


def differences_from_kept(index: Index) -> list[str]:
    """What the profile of an index has otherwise than the one that the cluster keeps for it, a line for each key; none
    where the user may not read that."""
    try:
        stored = stored_profile(index.cluster, index.alias)
    except ClusterError as error:
        if error.status != 403:
            raise
        return []
    kept = stored and effective_profile(index.alias, index.mapping.get("_meta", {}), stored)
    return profile_differences(index.profile, kept) if kept else []


def _own_parts(profile: IndexProfile) -> list[Problem]:
    return [Problem(f"$.{key}", OWN) for key in ("vectors", "media_root") if getattr(profile, key)]


def _too_many_searched(profile: IndexProfile) -> list[Problem]:
    if (count := len(profile.text_fields)) <= MAX_TEXT_FIELDS:
        return []
    reason = "each of the 32 words of a long text is a clause in each of them, and the cluster takes 1,024 clauses"
    return [Problem("$.text_fields", f"has {count} fields; name at most {MAX_TEXT_FIELDS}: {reason}")]


def _other_schema(profile: IndexProfile, schema: CatalogSchema, name: str) -> list[Problem]:
    """A stated key of the schema that the index was not made with."""
    stated, made = schema_meta(profile, synonyms=False), schema_meta(schema, synonyms=False)
    advice = f"is not what the index was made with; `ltr index create {name} --profile FILE` makes its next version"
    return [Problem(f"$.{key}", advice) for key in stated if stated[key] != made.get(key)]


def _own_profile(target: _Target) -> IndexProfile:
    """The profile of an index of this library, without what is the index's own."""
    profile = managed_profile(target.mapping["_meta"], stored_profile(target.cluster, target.alias))
    return profile.model_copy(update={"vectors": (), "media_root": None})


def _recognized(guess: VectorGuess, read: ReadProduct, documents: Documents) -> VectorGuess:
    """The guess with the encoder that makes such vectors of the documents' texts."""
    sample = _with_vectors(guess.name, read, documents)
    if not sample:
        return replace(guess, reason="no document of the sample shows its vector, so no encoder could be compared")
    from ltr_plugin.encoders.recognition import RECOGNIZED, recognize

    found = recognize(sample)
    if found is None:
        return replace(guess, reason="no text encoder of this dimension is installed that could be compared")
    if found.cosine <= RECOGNIZED:
        return replace(guess, reason=f"no installed text encoder makes such vectors; the nearest: {found}")
    return replace(guess, encoder=found.encoder, reason=str(found))


def _measured(vector: VectorField, read: ReadProduct, documents: Documents) -> tuple[str, bool]:
    """How like the vectors in the index those of the stated encoder are, and whether that is what it should be."""
    from ltr_plugin.encoders.field_encoders import encoder_of
    from ltr_plugin.encoders.recognition import RECOGNIZED, likeness

    found = likeness(vector.encoder, encoder_of(vector), _with_vectors(vector.name, read, documents))
    if found is None:
        return "no document of the sample shows its vector and a title, so the encoder could not be compared", True
    if found.cosine > RECOGNIZED:
        return str(found), True
    return f"{found}; perhaps they were made of another text, or by another encoder", False


def _with_vectors(name: str, read: ReadProduct, documents: Documents) -> list[tuple[Product, list[float]]]:
    """The products of the documents that show a vector in this field, with the vectors."""
    return [
        (read(id_, document), vector)
        for id_, document in documents
        if isinstance(vector := value_at(document, name), list)
    ]


def _encoder_problem(place: str, vector: VectorField) -> Problem | None:
    from ltr_plugin.encoders.registry import load_encoder_for

    try:
        here = load_encoder_for(vector.source, vector.encoder).fingerprint
    except EncoderError as error:
        return Problem(f"{place}.encoder", str(error))
    if here == vector.fingerprint:
        return None
    return Problem(
        f"{place}.fingerprint",
        f"{vector.encoder!r} is {here} on this machine, not {vector.fingerprint}; install that one, or leave the "
        "fingerprint out if the former made the vectors",
    )
