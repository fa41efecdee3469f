"""Queries turned into search parameters, many at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.references import is_url
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json
from ltr_plugin.errors import ClusterError, InputError, LtrError, MediaError, Problem
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.judgments.qrels import Qrels, no_judged_query
from ltr_plugin.queries.encoding import Media
from ltr_plugin.queries.query import Query, queries_of, read_queries, typed_texts
from ltr_plugin.validation import decode

QUERIES_PER_BATCH = 64

Item = TypeVar("Item")


@dataclass(frozen=True)
class EncodedQuery:
    """A query with the parameters of its search."""

    query: Query
    params: Mapping[str, Json]

    def to_json(self) -> dict[str, Json]:
        """The query and its parameters, vectors included, so that it can be searched without an encoder."""
        return {"query": self.query.model_dump(mode="json", exclude_defaults=True), "params": dict(self.params)}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        """What `to_json` gave."""
        return cls(decode(Query, value["query"], source="query"), value["params"])


class FailedQueries(dict[str, str]):
    """The queries that failed, by id, each with the reason; a job goes on without them."""

    def add(self, query: str, error: LtrError) -> None:
        """Notes a query."""
        self.setdefault(query, str(error))

    def raise_if_all(self, queries: Iterable[str]) -> None:
        """ClusterError when all of these queries failed."""
        if self and self.keys() >= set(queries):
            raise ClusterError(f"all queries failed, the first with: {next(iter(self.values()))}")


AnyQueries = Path | str | Sequence[Query] | Sequence[EncodedQuery]
"""A file of queries (JSON Lines), queries whose media are named by absolute paths or URLs, or encoded queries."""


def encode(
    index: Index, queries: AnyQueries, *, limit: int | None = None, failed: FailedQueries | None = None
) -> list[EncodedQuery]:
    """The queries with their parameters; with `limit`, so many of them at most, evenly over their order.

    Media of a file's queries are found beside the file. `failed` and errors as of `encode_queries`.
    """
    if isinstance(queries, Path | str):
        read = read_queries(Path(queries))
        return encode_queries(index, sample_evenly(read, limit), Path(queries).parent, failed=failed)
    chosen = sample_evenly(queries, limit)
    encoded = [one for one in chosen if isinstance(one, EncodedQuery)]
    _require_languages(index, (one.query for one in encoded))
    return encoded or encode_queries(index, [one for one in chosen if isinstance(one, Query)], Path(), failed=failed)


def encode_judged(
    index: Index, queries: AnyQueries | None, qrels: Qrels | Path | str, *, failed: FailedQueries | None = None
) -> tuple[list[EncodedQuery], Qrels, list[str]]:
    """The judged queries with their parameters, their judgments, and what is judged and not among the queries.

    The judgments are those of `queries` by their ids, joined by text where the judgments name texts (`Qrels.joined`);
    without `queries`, those are the texts that the judgments name. `failed` and errors as of `encode_queries`; failed
    queries keep their judgments. InputError when no query is judged, or there are no queries and the judgments name no
    texts.
    """
    judgments = qrels if isinstance(qrels, Qrels) else Qrels.read(Path(qrels))
    encoded = encode(index, queries_of(judgments) if queries is None else queries, failed=failed)
    texts = dict.fromkeys(failed or (), None) | typed_texts(one.query for one in encoded)
    known, left = judgments.joined(texts)
    if not known.grades:
        raise no_judged_query(judgments)
    return [one for one in encoded if one.query.id in known], known, left


def encode_one(index: Index, query: str | Query | EncodedQuery) -> EncodedQuery:
    """One query with its parameters: typed text, or a query whose media are absolute paths or URLs."""
    if isinstance(query, EncodedQuery):
        return query
    (encoded,) = encode_queries(index, [Query(id="query", text=query) if isinstance(query, str) else query], Path())
    return encoded


def encode_queries(
    index: Index,
    queries: Sequence[Query],
    folder: Path,
    *,
    vectors: Sequence[VectorField] | None = None,
    failed: FailedQueries | None = None,
) -> list[EncodedQuery]:
    """Every query with its parameters, encoded by the index's own encoders; media are found in `folder`.

    Only the encoders of `vectors` are loaded: by default those of all vector fields of the index. EncoderError when an
    encoder here is not the one that made the index. Queries whose media cannot be used are left out and added to
    `failed`; InputError names them all when no query is left, or without `failed`; and all that pick by a key, or
    are in a language, that the profile does not have.
    """
    from ltr_plugin.queries.encoding import QueryEncoder

    _require_pick_keys(index, queries)
    _require_languages(index, queries)
    encoder = QueryEncoder(index.vectors if vectors is None else vectors)
    encoded: list[EncodedQuery] = []
    refused: dict[str, str] = {}
    for group in batched(queries, QUERIES_PER_BATCH):

        def refuse(position: int, modality: Modality, error: MediaError, group: Sequence[Query] = group) -> None:
            refused[group[position].id] = f"$.{modality}  {error}"

        vector_batches = encoder.encode_batch(
            [_media_by_modality(query, folder) for query in group], on_media_error=refuse
        )
        encoded += (
            EncodedQuery(query, {**search_parameters(query.text, query_vectors, query.language), **query.pick})
            for query, query_vectors in zip(group, vector_batches, strict=True)
        )
    usable = [one for one in encoded if one.query.id not in refused]
    if refused and (failed is None or not usable):
        raise InputError("queries", [Problem(f"query {id_}", reason) for id_, reason in refused.items()])
    if failed is not None:
        failed.update(refused)
    return usable


def _require_languages(index: Index, queries: Iterable[Query]) -> None:
    unknown = [
        Problem(f"query {query.id} $.language", reason)
        for query in queries
        if (reason := index.profile.language_problem(query.language))
    ]
    if unknown:
        raise InputError("queries", unknown)


def _require_pick_keys(index: Index, queries: Iterable[Query]) -> None:
    keys = index.profile.pick_keys
    reason = f"the profile's `nested` has no such key; it has {', '.join(keys) or 'none'}"
    unknown = [
        Problem(f"query {query.id} $.pick.{key}", reason) for query in queries for key in query.pick.keys() - set(keys)
    ]
    if unknown:
        raise InputError("queries", unknown)


def sample_evenly(items: Sequence[Item], limit: int | None) -> list[Item]:
    """At most `limit` of the items, evenly over their order, so that every kind of them is among the sample."""
    if limit is None:
        return list(items)
    step = max(1, len(items) // limit)
    return list(items[::step][:limit])


def _media_by_modality(query: Query, folder: Path) -> dict[Modality, Media | None]:
    media: dict[Modality, str | None] = {"image": query.image, "audio": query.audio, "video": query.video}
    return {"text": query.text, **{name: _resolve_reference(reference, folder) for name, reference in media.items()}}


def _resolve_reference(reference: str | None, folder: Path) -> Media | None:
    return reference if reference is None or is_url(reference) else folder / reference
