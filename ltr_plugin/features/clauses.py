"""Counts the clauses that a text makes: a cluster refuses a search that has too many."""

import re
from collections.abc import Mapping
from typing import Any

from ltr_plugin.engines import OPENSEARCH
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import Template

CLAUSES_PER_FEATURE = 4
"""The most clauses that a feature has beside those of the text."""

DEFAULT_EXPANSIONS = 50
"""Terms that a fuzzy word is replaced by where a query does not say how many."""

_TEXT_QUERIES = ("match", "match_bool_prefix", "multi_match", "combined_fields", "query_string", "simple_query_string")

_TEXT_QUERY = re.compile(rf'"(?:{"|".join(_TEXT_QUERIES)})"\s*:')
_FIELDS = re.compile(r'"fields"\s*:\s*\[([^\]]*)\]')


def clause_count(features: FeatureSet, words: int) -> int:
    """The most clauses of a search that computes these features for a text of so many words.

    A word is a clause in each field that a feature searches, and in a fuzzy feature as many as the terms that it is
    replaced by. A phrase is one clause. The first pass counts apart, since the features are computed after it.
    """
    bodies = [one.template if isinstance(one, Template) else one.query(OPENSEARCH) for one in features.features]
    return sum(CLAUSES_PER_FEATURE + words * _clauses_per_word(body) for body in bodies)


def _clauses_per_word(query: object) -> int:
    if isinstance(query, str):
        return _clauses_in_text(query)
    if isinstance(query, list):
        return sum(map(_clauses_per_word, query))
    if not isinstance(query, dict):
        return 0
    return sum(
        _text_clauses(clause) if name in _TEXT_QUERIES and isinstance(clause, dict) else _clauses_per_word(clause)
        for name, clause in query.items()
    )


def _clauses_in_text(template: str) -> int:
    """The most clauses per word of a template that is no JSON yet: each text query in it is taken to be a fuzzy one if
    any is."""
    fields: int = sum(found.count(",") + 1 for found in _FIELDS.findall(template))
    expansions = DEFAULT_EXPANSIONS if '"fuzziness"' in template else 1
    queries = len(_TEXT_QUERY.findall(template))
    return (queries + fields) * expansions


def _text_clauses(clause: Mapping[str, Any]) -> int:
    """The clauses per word of a text query over `fields`, or over the one field that is its key."""
    fields = len(clause.get("fields", ())) or 1
    options = clause if "query" in clause else next(iter(clause.values()), {})
    if "{{" not in str(clause) or (isinstance(options, dict) and options.get("type") in ("phrase", "phrase_prefix")):
        return 0
    if not isinstance(options, dict):
        return fields
    return fields * (options.get("max_expansions", DEFAULT_EXPANSIONS) if options.get("fuzziness") else 1)
