"""Other synonyms for an index: its next version is a clone with the same files, so that nothing is indexed again."""

from collections.abc import Mapping, Sequence

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.analysis import SYNONYMS, with_phrase_analyzers, with_synonyms
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.language_analyzers import CUT, QUERY_SUFFIX
from ltr_plugin.cluster.managed.mapping import schema_meta
from ltr_plugin.cluster.managed.sync import cut_over, sync_point
from ltr_plugin.cluster.managed.versions import (
    active_index,
    block_writes,
    index_settings,
    next_name,
    resolve_alias,
    versions,
    write_notes,
)
from ltr_plugin.cluster.names import write_alias
from ltr_plugin.errors import ClusterError, InputError, Problem
from ltr_plugin.validation import shorten

CLONE_TIMEOUT = "60s"
"""How long the cluster may take to open a clone, while writes wait."""


def put_synonyms(cluster: Cluster, alias: str, rules: Mapping[str, str]) -> ManagedIndex:
    """Has searches of an index put these synonyms in, and returns the version that does; none are left of others.

    Writes wait while the active version is cloned, which takes about a second whatever its size, and searches do not.
    `ltr index rollback` goes back to the synonyms before. `rules` are by their places in a file. InputError where there
    is no index of this library, and with the places of rules that the cluster cannot read: nothing has changed then.
    """
    current = active_index(cluster, alias)
    if current is None:
        raise InputError(f"index {alias}", "there is no such index; make it with `ltr index create`")
    if current.schema.analysis.synonyms == tuple(rules.values()):
        return current
    if refused := _refused(current, list(rules.items())):
        reason = "the analyzer of the index leaves nothing of a term; leave that out"
        raise InputError("synonyms", [Problem(place, f"{shorten(rules[place])}: {reason}") for place in refused])
    with block_writes(cluster, current.name):
        # before the clone: another command that fails meanwhile unblocks writes, and cutting over copies these
        point = sync_point(current)
        target = _clone(current, tuple(rules.values()))
        try:
            write_notes(target, synced_from=point)
            cut_over(cluster, alias, target)
        except Exception:
            if resolve_alias(cluster, alias) != target.name:
                cluster.call("DELETE", f"/{target.name}")
            raise
    return ManagedIndex.open(cluster, alias)


def _clone(source: ManagedIndex, rules: Sequence[str]) -> ManagedIndex:
    """The next version with all that `source` has, but these synonyms."""
    cluster = source.cluster
    analysis = with_synonyms(index_settings(source)["analysis"], rules)
    while True:
        name = next_name(source.alias, versions(cluster, source.alias))
        body = {
            "settings": {"index": {"analysis": analysis, "blocks": {"write": None}}},
            "aliases": {write_alias(name): {"is_hidden": True}},
        }
        try:
            made = cluster.call("PUT", f"/{source.name}/_clone/{name}", body, timeout=CLONE_TIMEOUT)
        except ClusterError as error:
            if error.error_type != "resource_already_exists_exception":
                raise
            continue  # another command was first with this number
        break
    if not made["shards_acknowledged"]:
        cluster.call("DELETE", f"/{name}")
        raise ClusterError(f"{name} was not ready in {CLONE_TIMEOUT}; run this command again", status=503)
    schema = source.schema
    analysis_block = schema.analysis.model_copy(update={"synonyms": tuple(rules)})
    meta = source.mapping["_meta"] | {"schema": schema_meta(schema.model_copy(update={"analysis": analysis_block}))}
    fields = {key: (field, with_phrase_analyzers(field)) for key, field in source.mapping["properties"].items()}
    changed = {key: new for key, (field, new) in fields.items() if new != field} if rules else {}
    cluster.call("PUT", f"/{name}/_mapping", {"_meta": meta, "properties": changed})
    return ManagedIndex.open(cluster, name)


def _refused(index: ManagedIndex, rules: Sequence[tuple[str, str]]) -> list[str]:
    """The places of the rules that the cluster cannot read, found by halves: it does not say which they are."""
    chain = index_settings(index)["analysis"]["analyzer"][f"stemmed{QUERY_SUFFIX}"]
    filters = [one for one in chain["filter"] if one not in (SYNONYMS, CUT)]

    def refused(some: Sequence[tuple[str, str]]) -> list[str]:
        added = {"type": "synonym_graph", "synonyms": [rule for _, rule in some]}
        body = {"tokenizer": chain["tokenizer"], "filter": [*filters, added], "text": ""}
        try:
            index.cluster.call("POST", f"/{index.name}/_analyze", body)
        except ClusterError as error:
            if error.status != 400:
                raise
            half = len(some) // 2
            return [*refused(some[:half]), *refused(some[half:])] if half else [some[0][0]]
        return []

    return refused(rules) if rules else []
