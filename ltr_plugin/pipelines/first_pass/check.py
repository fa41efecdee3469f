"""What is wrong with the first pass of a profile: its scales, and a query of the shop's own, tried on the index."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.search import search
from ltr_plugin.errors import ClusterError, InputError, Problem
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.profile.first_pass import MAX_QUERY
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.own_query import FILTER_TAG, LOCATION, OwnQuery
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, search_template

TEMPLATE_KEY = "template"
"""The key of `first_pass` in a file of a profile that names the file of the query."""

TEMPLATE_LOCATION = f"$.first_pass.{TEMPLATE_KEY}"


def with_query_file(profile: Any, folder: Path) -> tuple[Any, list[Problem]]:  # noqa: ANN401 - what a file has
    """The value of a profile's file with the text of the file that `first_pass.template` names, in `folder`, as
    `first_pass.query`; and what is wrong with that file, if it cannot be read."""
    first_pass = profile.get("first_pass") if isinstance(profile, dict) else None
    if not isinstance(first_pass, dict) or not isinstance(first_pass.get(TEMPLATE_KEY), str):
        return profile, []
    stated = {key: value for key, value in first_pass.items() if key != TEMPLATE_KEY}
    completed = {**profile, "first_pass": stated}
    if "query" in stated:
        return completed, [Problem(TEMPLATE_LOCATION, "stands beside query; leave one of them out")]
    path = folder / first_pass[TEMPLATE_KEY]
    try:
        with path.open(encoding="utf-8-sig") as file:
            stated["query"] = file.read(MAX_QUERY + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8"
        message = f"{path} cannot be read: {reason}; name a file beside the profile"
        return completed, [Problem(TEMPLATE_LOCATION, message)]
    return completed, []


def first_pass_problems(profile: IndexProfile) -> list[Problem]:
    """What is wrong with it for these vectors, but for what the cluster says of it."""
    retrieval = Retrieval(profile)
    pairs = ", ".join(f"{query} with {field}" for query, field in retrieval.knn_pairs) or "none"
    problems = [
        Problem(
            f"$.first_pass.scales[{position}]",
            f"no query vector {scale.query!r} is compared with a field {scale.field!r}, but {pairs}; correct it",
        )
        for position, scale in enumerate(profile.first_pass.scales)
        if (scale.query, scale.field) not in retrieval.knn_pairs
    ]
    if profile.first_pass.query:
        try:
            problems += OwnQuery.parse(profile.first_pass.query).problems(_dimensions(profile))
        except InputError as error:
            problems += error.problems
    return problems


def first_pass_warnings(profile: IndexProfile) -> list[str]:
    """What may be wrong with it all the same."""
    warnings = []
    if outdated := ", ".join(sorted({scale.field for scale in Retrieval(profile).outdated_scales})):
        reason = "first_pass.scales do not count, as they were measured with other encoders than those of"
        warnings.append(f"{reason} {outdated}; run `ltr profile measure`")
    query = profile.first_pass.query
    if query and '"knn"' in query and not OwnQuery.parse(query).reads_filter:
        tag = f"{{{{{FILTER_TAG}}}}}"
        warnings.append(
            f"first_pass.query has k-NN without {tag}, so searches with filters find fewer; add it as `filter`"
        )
    return warnings


def refused_queries(index: Index) -> Iterator[Problem]:
    """What the cluster says of the shop's own query with and without each of its parameters, where it refuses it."""
    if not (text := index.profile.first_pass.query):
        return
    query = OwnQuery.parse(text)
    template = {"source": search_template(index.retrieval(), BASELINES["first-pass"])}
    cases = dict(query.cases(_dimensions(index.profile)))
    refused: dict[str, str] = {}
    for label, params in cases.items():  # one by one: `_msearch/template` has no answer where it can read none of them
        try:
            search(index, template, {**search_parameters(None, {}), **params, "size": 1})
        except ClusterError as error:
            if error.retryable:
                raise
            refused[label] = str(error)
    if not refused:
        return
    label, reason = next(iter(refused.items()))
    lacking = [query.parameters() - cases[label].keys() for label in refused]
    needed = [name for names in lacking if len(names) == 1 for name in names] if lacking[0] else []
    hint = f"; put what needs it between {{{{#has_{needed[0]}}}}} and {{{{/has_{needed[0]}}}}}" if needed else ""
    yield Problem(LOCATION, f"{label}, the cluster refuses it: {reason.partition('): ')[2] or reason}{hint}")


def _dimensions(profile: IndexProfile) -> dict[str, int]:
    """The query vectors that searches of an index may have, by parameter, with their dimensions."""
    wanted = Retrieval(profile).query_vectors
    return {vector.parameter: vector.fingerprint.dimension for vector in profile.vectors if vector.parameter in wanted}
