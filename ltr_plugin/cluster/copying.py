"""One version of an index brought up to what another one holds, and the alias moved to it without losing a change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import Modality, Product
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.indices import admit_media, aliased, facts_of, held, note, release, serving, switch_alias
from ltr_plugin.cluster.products import Embedded, ProductIndex, stored_product
from ltr_plugin.cluster.scripts import unmarked
from ltr_plugin.errors import ClusterError
from ltr_plugin.progress import Progress, silent

PAGE = 500


def catch_up(source: ProductIndex, target: ProductIndex, *, progress: Progress = silent) -> None:
    """Gives `target` the products of `source`, and takes those away that `source` has no more.

    A vector is copied where both have its field with the same fingerprint, so that it is not made again; the other
    fields of a product stay in, or come into, the backlog. What was copied before is not read again: `target` notes how
    far it follows `source`, by the sequence numbers that the cluster gives to changes. ClusterError when `target` does
    not take a product.
    """
    release(target.cluster, target.name)
    for folder in (source.media.main, *source.media.others):
        target = admit_media(target, folder)
    reached = _reached(source)
    since = _followed(target, reached["uuid"])
    source.refresh()
    _copy(source, target, {"range": {"_seq_no": {"gt": -1 if since is None else since}}}, progress)
    target.refresh()
    if source.count() != target.count():
        for id_, error in target.delete(_only_in(target, source)):
            if error:
                raise ClusterError(f"{target.name} keeps product {id_}, which {source.name} has no more: {error}")
    note(target.cluster, target.name, follows=reached)


def copy_vectors(source: ProductIndex, target: ProductIndex, ids: Sequence[str]) -> None:
    """Gives products of `target` the vectors that they lack and that `source` has of the same content and encoder."""
    known = {vector.name: vector for vector in source.vectors}
    kept = [one for one in target.vectors if _same(one, known.get(one.name))]
    lacking = [stored.product.id for stored in target.fetch(ids) if stored.pending(kept)]
    if lacking:
        fields = ["content", "embedding", *(name for one in kept for name in (one.name, one.each))]
        documents = source.cluster.call(
            "POST", f"/{source.name}/_mget", {"ids": lacking}, _source_includes=",".join(fields)
        )["docs"]
        found = (document for document in documents if document.get("found"))
        # what is not taken stays in the backlog: it is made again, not lost
        for _ in target.write_vectors(made for document in found for made in _made(document, kept)):
            pass


def copy_marks(source: ProductIndex, target: ProductIndex, ids: Sequence[str]) -> None:
    """Has vectors of `target` made again where those that `source` has of the same content were, or are to be.

    ClusterError when `target` does not take a product.
    """
    known = {one.product.id: one.content for one in source.fetch(ids)}
    marked: list[tuple[Product, Mapping[Modality, str]]] = []
    for one in target.fetch(ids):
        own, theirs = one.content, known.get(one.product.id, {})
        same = {modality for modality in own.keys() & theirs if unmarked(own[modality]) == unmarked(theirs[modality])}
        if any(own[modality] != theirs[modality] for modality in same):
            marked.append((one.product, {**own, **{modality: theirs[modality] for modality in same}}))
    _replace(source, target, marked)


def follows(target: ProductIndex, source: ProductIndex) -> bool:
    """Whether `target` has what `source` had at some time, and needs only what changed since."""
    return _followed(target, _reached(source)["uuid"]) is not None


def change_over(cluster: Cluster, alias: str, target: ProductIndex) -> str | None:
    """Points `alias` to `target`; returns the index it pointed to before, if any, which takes no writes from now on.

    If `target` follows that index, it is brought up to its last change first: writes are held for as long as that
    takes, so that none is lost. If not, neither follows the other from then on: the way back is to what was.
    """
    before = aliased(cluster, alias)
    if before in (None, target.name):
        return switch_alias(cluster, alias, target.name)
    with held(cluster, before):
        source = serving(cluster, alias)
        reached = None
        if source and follows(target, source):
            catch_up(source, target)
            reached = _reached(target)  # the two are equal now: the way back is short
        note(cluster, before, follows=reached)
        release(cluster, target.name)
        note(cluster, target.name, before=before)
        switch_alias(cluster, alias, target.name)
    return before


def _copy(source: ProductIndex, target: ProductIndex, query: dict[str, Any], progress: Progress) -> None:
    total = int(source.cluster.call("GET", f"/{source.name}/_count", {"query": query})["count"])
    hits = source.scan(query, page=PAGE, source={"excludes": list(source.vector_names)})
    done = 0
    for page in batched(hits, PAGE):
        stored = [stored_product(hit["_source"]) for hit in page]
        _replace(source, target, ((target.media.kept(one.product, source.media.main), one.content) for one in stored))
        copy_vectors(source, target, [one.product.id for one in stored])
        done += len(page)
        progress(min(done, total), total)


def _replace(
    source: ProductIndex, target: ProductIndex, products: Iterable[tuple[Product, Mapping[Modality, str]]]
) -> None:
    for id_, error in target.cluster.bulk(target.replacement(product, content) for product, content in products):
        if error:
            raise ClusterError(f"{target.name} does not take product {id_} of {source.name}: {error}")


def _same(one: VectorField, other: VectorField | None) -> bool:
    return other is not None and (one.source, one.fingerprint) == (other.source, other.fingerprint)


def _made(document: dict[str, Any], kept: Sequence[VectorField]) -> Iterator[Embedded]:
    source = document["_source"]
    for vector in kept:
        stamp = source["embedding"].get(vector.name)
        if stamp and stamp["fingerprint"] == vector.fingerprint.digest:
            each = tuple(one["vector"] for one in source.get("each", {}).get(vector.name, ()))
            yield Embedded(document["_id"], vector, stamp["content"], source.get(vector.name), stamp.get("error"), each)


def _only_in(one: ProductIndex, other: ProductIndex) -> Iterator[str]:
    """The ids of products that only the first has; both give theirs in order."""
    others = other.ids()
    last = next(others, None)
    for id_ in one.ids():
        while last is not None and last < id_:
            last = next(others, None)
        if last != id_:
            yield id_


def _followed(target: ProductIndex, uuid: str) -> int | None:
    """How far `target` has followed the index of this identity; None: not at all."""
    found = facts_of(target.cluster, target.name).get("follows") or {}
    return int(found["checkpoint"]) if found.get("uuid") == uuid else None


def _reached(index: ProductIndex) -> dict[str, Any]:
    """How far an index has come: all changes up to the checkpoint can be read after a refresh, in every shard."""
    settings = index.cluster.call("GET", f"/{index.name}/_settings/index.uuid")[index.name]["settings"]
    shards = index.cluster.call("GET", f"/{index.name}/_stats/docs", level="shards")["indices"][index.name]["shards"]
    primaries = [copy for copies in shards.values() for copy in copies if copy["routing"]["primary"]]
    checkpoint = min(int(copy["seq_no"]["local_checkpoint"]) for copy in primaries)
    return {"uuid": settings["index"]["uuid"], "checkpoint": checkpoint}
