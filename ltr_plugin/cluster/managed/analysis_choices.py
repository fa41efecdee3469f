"""What an index chooses of its cluster and of its catalog when it is made: plugins, and the parts of compounds."""

from collections.abc import Mapping, Sequence
from typing import Any

from ltr_plugin.batches import batched
from ltr_plugin.catalog.compounds import compound_parts
from ltr_plugin.catalog.languages import ICU, LANGUAGES
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.analysis import COMPOUND_FIELDS, AnalysisChoices, language_of, languages_of
from ltr_plugin.cluster.managed.language_analyzers import COMPOUND_PARTS, language_analyzers
from ltr_plugin.cluster.managed.mapping import PLUGINS_KEY
from ltr_plugin.errors import ClusterError

WORDS_PER_CALL = 4_000
"""Words that are folded in one call; the cluster's limit is 10,000 tokens."""


def choose_analysis(
    cluster: Cluster, schema: CatalogSchema, kept: AnalysisChoices | None = None, words: Sequence[str] = ()
) -> AnalysisChoices:
    """The choices of a new index; of a next version, in which the languages are those of the one before, `kept` ones.

    Compounds are split into the words that the schema states, else into the parts found in the `words` of the catalog,
    else into those kept.
    """
    plugins = kept.plugins if kept else _plugins(cluster, schema)
    stated = schema.analysis.compound_words
    if not compound_languages(schema) or not (stated or words):
        return AnalysisChoices(plugins, kept.compound_parts if kept else ())
    folded = _folded(cluster, schema, plugins, stated or words)
    return AnalysisChoices(plugins, tuple(folded if stated else compound_parts(folded)))


def choices_of(body: Mapping[str, Any], schema: CatalogSchema) -> AnalysisChoices | None:
    """The choices of an index with these `settings` and `mappings`; None where a schema has other languages."""
    own = CatalogSchema.model_validate(body["mappings"].get("_meta", {}).get("schema", {}))
    if languages_of(own) != languages_of(schema):
        return None
    analysis = body["settings"]["index"].get("analysis", {})
    parts = analysis.get("filter", {}).get(COMPOUND_PARTS, {}).get("word_list", ())
    plugins = body["mappings"].get("_meta", {}).get(PLUGINS_KEY, ())
    return AnalysisChoices(frozenset(plugins), (parts,) if isinstance(parts, str) else tuple(parts))


def compound_languages(schema: CatalogSchema) -> list[str]:
    """The languages of COMPOUND_FIELDS that have compounds."""
    used = {*schema.languages.values(), *(language_of(schema, field) for field in COMPOUND_FIELDS)}
    return [name for name in languages_of(schema) if name in used and LANGUAGES[name].compounds]


def _plugins(cluster: Cluster, schema: CatalogSchema) -> frozenset[str]:
    """The plugins with an analysis of these languages that all nodes of the cluster have."""
    used = [LANGUAGES[name] for name in languages_of(schema)]
    wanted = {one.plugin.name for one in used if one.plugin} | ({ICU} if any(one.plain for one in used) else set())
    if not wanted:
        return frozenset()
    try:
        nodes = cluster.call("GET", "/_nodes/plugins", filter_path="nodes.*.plugins.name").get("nodes", {})
    except ClusterError as error:
        if error.status not in (401, 403):  # an account may not be allowed to read it
            raise
        return frozenset()
    installed = [{plugin["name"] for plugin in node.get("plugins", ())} for node in nodes.values()]
    return frozenset(wanted.intersection(*installed)) if installed else frozenset()


def _folded(cluster: Cluster, schema: CatalogSchema, plugins: frozenset[str], words: Sequence[str]) -> list[str]:
    """The words, folded as the languages with compounds do it, each once."""
    folded: dict[str, None] = {}
    for name in compound_languages(schema):
        made = language_analyzers(name, "", plugins=plugins, compound_parts=False)
        chain = made["analyzer"]["unstemmed"]
        body = {
            "tokenizer": chain["tokenizer"],
            "filter": [made.get("filter", {}).get(one, one) for one in chain["filter"]],
        }
        for group in batched(words, WORDS_PER_CALL):
            tokens = cluster.call("POST", "/_analyze", {**body, "text": list(group)})["tokens"]
            folded.update(dict.fromkeys(token["token"] for token in tokens))
    return list(folded)
