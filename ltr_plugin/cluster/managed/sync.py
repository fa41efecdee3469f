"""Copies the products of one version of an index to another, and moves the alias to it without losing a change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import Content, Product
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.adapting import adapted, are_alike
from ltr_plugin.cluster.managed.documents import EmbeddingResult, stored_product
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.scripts import without_nonce
from ltr_plugin.cluster.managed.versions import (
    active_index,
    block_writes,
    read_notes,
    resolve_alias,
    switch_alias,
    unblock_writes,
    write_notes,
)
from ltr_plugin.errors import ClusterError
from ltr_plugin.progress import Progress, no_progress

PAGE_SIZE = 500

SyncPoint = dict[str, Any]


def sync(source: ManagedIndex, target: ManagedIndex, *, progress: Progress = no_progress) -> None:
    """Copies the products of `source` to `target`, and deletes those that `source` no longer has.

    A vector is copied when both have its field with the same fingerprint; the other fields of a product stay in the
    backlog, or enter it. Declared fields get the types of `target` (see `adapted`, which raises InputError). Products
    copied before are not read again: `target` stores the sequence number up to which it has the changes of `source`.
    ClusterError when `target` refuses a product.
    """
    unblock_writes(target.cluster, target.name)
    point = sync_point(source)
    since = _synced_checkpoint(target, source)
    source.refresh()
    _copy(source, target, {"range": {"_seq_no": {"gt": -1 if since is None else since}}}, progress)
    target.refresh()
    if source.count() != target.count():
        for id_, error in target.delete(_only_in(target, source)):
            if error and not error.missing:
                raise ClusterError(f"{target.name} keeps product {id_}, which {source.name} no longer has: {error}")
    write_notes(target, synced_from=point)


def copy_vectors(source: ManagedIndex, target: ManagedIndex, ids: Sequence[str]) -> None:
    """Copies to products of `target` the vectors they lack, where `source` has them of the same content and encoder."""
    known = {vector.name: vector for vector in source.vectors}
    same_space = [one for one in target.vectors if _same(one, known.get(one.name))]
    missing = [stored.product.id for stored in target.fetch(ids) if stored.pending(same_space)]
    if missing:
        fields = ["content_hash", "embedding", *(name for one in same_space for name in (one.name, one.per_media))]
        documents = source.cluster.call(
            "POST", f"/{source.name}/_mget", {"ids": missing}, _source_includes=",".join(fields)
        )["docs"]
        results = (
            result
            for document in documents
            if document.get("found")
            for result in _embedding_results(document, same_space)
        )
        for _ in target.write_vectors(results):
            pass  # a vector that is refused stays in the backlog and is made again


def copy_reembed_nonces(source: ManagedIndex, target: ManagedIndex, ids: Sequence[str]) -> None:
    """Has vectors of `target` made again where `source` had vectors of the same content made again, or will have.

    ClusterError when `target` refuses a product.
    """
    known = {one.product.id: one.content_hash for one in source.fetch(ids)}
    changed: list[tuple[Product, Mapping[Content, str]]] = []
    for one in target.fetch(ids):
        own, theirs = one.content_hash, known.get(one.product.id, {})
        same = {
            modality
            for modality in own.keys() & theirs
            if without_nonce(own[modality]) == without_nonce(theirs[modality])
        }
        if any(own[modality] != theirs[modality] for modality in same):
            changed.append((one.product, {**own, **{modality: theirs[modality] for modality in same}}))
    _replace(source, target, changed)


def synced_from(target: ManagedIndex, source: ManagedIndex) -> bool:
    """Whether `target` has what `source` had at some time, and needs only the changes since."""
    return _synced_checkpoint(target, source) is not None


def sync_point(index: ManagedIndex) -> SyncPoint:
    """The UUID of an index and its checkpoint: changes up to it can be read after a refresh, in every shard."""
    shards = index.cluster.call("GET", f"/{index.name}/_stats/docs", level="shards")["indices"][index.name]["shards"]
    primaries = [copy for copies in shards.values() for copy in copies if copy["routing"]["primary"]]
    checkpoint = min(int(copy["seq_no"]["local_checkpoint"]) for copy in primaries)
    return {"uuid": index.uuid, "checkpoint": checkpoint}


def cut_over(cluster: Cluster, alias: str, target: ManagedIndex) -> str | None:
    """Points `alias` to `target`; returns the index that it pointed to, if any, whose writes are blocked from now on.

    If `target` is synced from that index, it gets the last changes first. Writes are blocked meanwhile, so that none is
    lost. If not, neither is synced from the other from then on: a rollback leads to the products of that time.
    ClusterError of status 409 when another command was first, unless it did the same.
    """
    previous = resolve_alias(cluster, alias)
    if previous == target.name:
        return previous
    if previous is None:
        switch_alias(cluster, alias, target.name)
        return None
    with block_writes(cluster, previous):
        source = active_index(cluster, alias)
        if source and source.name == target.name:
            return previous
        point = None
        if source and synced_from(target, source):
            sync(source, target)
            point = sync_point(target)  # both are equal now: a rollback copies little
        elif read_notes(target).get("synced_from"):
            raise ClusterError(
                f"{target.name} has the products of a version that {alias} is not any more; run this command again, "
                "and it gets those of today",
                status=409,
            )
        unblock_writes(cluster, target.name)
        try:
            switch_alias(cluster, alias, target.name, previous)
        except ClusterError as error:
            if error.status != 409 or resolve_alias(cluster, alias) != target.name:
                raise
            return previous  # another command did the same, and writes the notes
    write_notes(target, previous_index=previous)
    if source:
        write_notes(source, synced_from=point)
    return previous


def _copy(source: ManagedIndex, target: ManagedIndex, query: dict[str, Any], progress: Progress) -> None:
    total = int(source.cluster.call("GET", f"/{source.name}/_count", {"query": query})["count"])
    hits = source.scan(query, page=PAGE_SIZE, source={"excludes": list(source.vector_names)})
    same = are_alike(source.schema, target.schema)
    type_ = (source if same else target).product_types.product
    done = 0
    for page in batched(hits, PAGE_SIZE):
        documents = (hit["_source"] if same else adapted(hit["_source"], source.schema, target.schema) for hit in page)
        stored = [stored_product(document, type_) for document in documents]
        _replace(
            source,
            target,
            ((target.media_roots.rebase(one.product, source.media_roots.main), one.content_hash) for one in stored),
        )
        copy_vectors(source, target, [one.product.id for one in stored])
        done += len(page)
        progress(min(done, total), total)


def _replace(
    source: ManagedIndex, target: ManagedIndex, products: Iterable[tuple[Product, Mapping[Content, str]]]
) -> None:
    for id_, error in target.cluster.bulk(
        target.replace_action(product, content_hash, overwrite=True) for product, content_hash in products
    ):
        if error:
            raise ClusterError(f"{target.name} refused product {id_} of {source.name}: {error}")


def _same(one: VectorField, other: VectorField | None) -> bool:
    return other is not None and (one.content, one.fingerprint) == (other.content, other.fingerprint)


def _embedding_results(document: dict[str, Any], same_space: Sequence[VectorField]) -> Iterator[EmbeddingResult]:
    source = document["_source"]
    for vector in same_space:
        metadata = source["embedding"].get(vector.name)
        if metadata and metadata.get("fingerprint") == vector.fingerprint.digest:
            per_media = tuple(one["vector"] for one in source.get("per_media", {}).get(vector.name, ()))
            yield EmbeddingResult(
                document["_id"],
                vector,
                metadata["content_hash"],
                source.get(vector.name),
                metadata.get("error"),
                per_media,
            )


def _only_in(one: ManagedIndex, other: ManagedIndex) -> Iterator[str]:
    """The ids of products that only the first index has. Both give their ids in order."""
    others = other.ids()
    last = next(others, None)
    for id_ in one.ids():
        while last is not None and last < id_:
            last = next(others, None)
        if last != id_:
            yield id_


def _synced_checkpoint(target: ManagedIndex, source: ManagedIndex) -> int | None:
    """The sequence number up to which `target` has the changes of `source`; None: it is not synced."""
    sync_point = read_notes(target).get("synced_from") or {}
    return int(sync_point["checkpoint"]) if sync_point.get("uuid") == source.uuid else None
