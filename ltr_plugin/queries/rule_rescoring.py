"""Rules in a search template: rescorers over the window of the ranker, which multiply its scores, and pinned products.

    [the ranker's, or one that raises scores of 0]  [factors of the rules]  [pins, where the search has `pins`]

Scores stay inside of float32: in the window a ranker's are 1e-6 to 1e6, and a first pass's 1e-9 to 1e3; after the rules
they are 1e-13 to 1e31, and those of pins are above. Behind the window they become LIFT times smaller.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ltr_plugin.errors import Problem
from ltr_plugin.features.kinds import MATCH_NONE
from ltr_plugin.features.mustache import (
    NOTHING,
    Body,
    RawTemplate,
    element,
    further_element,
    list_before,
    render,
    to_json,
    when_list,
)
from ltr_plugin.profile.index_fields import index_fields
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.filters import MATCH_ALL, clauses_of, reached
from ltr_plugin.queries.page import filter_parameters
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.rules import Rule

MAX_FACTOR = 1e4
"""The most that all boosts and buries of a product together change its score by, and the least its inverse."""

IN_STOCK_FACTOR = 1e21
"""More than the greatest score in the window after boosts and buries divided by the smallest."""

RAISED_ZERO = 1e-9
"""What a first pass without a ranker adds to scores, so that a product with a score of 0 can be raised too."""

LIFT = 2.0**40
"""How much further behind the window's products are, so that a buried one stays before them. It is a power of two, so
no score loses precision."""

PIN_BOOST = 1e6
"""Score of pinned products in the first pass, which brings them into the window."""

PIN_SCORE, PIN_STEP = 1e35, 0.9
"""Score of pinned products, the first of which has PIN_SCORE times PIN_STEP, the second that times PIN_STEP."""

_PLACE = re.compile(r"\{\{! rules over (\d+) products \}\}")

NO_RULES: Body = {"constant_score": {"filter": MATCH_ALL, "boost": RAISED_ZERO}}
"""The query of the first rescorer where no ranker has one."""


def rescorers(retrieval: Retrieval, ranker: Body | None) -> Body:
    """The rescorers of a template that rules can be put into: `ranker`'s comes first, and the pins' last."""
    first = ranker or _rescorer(retrieval.window_size, NO_RULES, score_mode="total")
    place = RawTemplate(f"{{{{! rules over {retrieval.window_size} products }}}}")
    query = _pinned(retrieval.profile.product.id)
    pins = _rescorer(retrieval.window_size, query, score_mode="max", rescore_query_weight=PIN_SCORE)
    return list_before([first], [place, when_list("pins", further_element(pins), NOTHING)])


def pinned_candidates(profile: IndexProfile) -> RawTemplate:
    """An element of the first pass's clauses, with which it finds the pinned products."""
    clause = {"constant_score": {"filter": {"terms": {profile.product.id: to_json("pins")}}, "boost": PIN_BOOST}}
    return when_list("pins", element(clause), NOTHING)


def has_place_for_rules(template: str) -> bool:
    """Whether a template was rendered to take rules."""
    return _PLACE.search(template) is not None


def with_rules(template: str, rules: Iterable[Rule], profile: IndexProfile, mapping: Mapping[str, Any]) -> str:
    """The template with the rescorer of these rules, for an index with this mapping.

    Rules that do not fit the profile (`rule_problems`) are left out.
    """
    fitting = [rule for rule in rules if not rule_problems(rule, profile, "")]
    factors = [rule for rule in fitting if rule.where]
    if not factors and not any(rule.in_stock_first for rule in fitting):
        return template
    query = _limited(factors, profile)
    if any(rule.in_stock_first for rule in fitting):
        in_stock = {"filter": _in_stock(profile, mapping), "weight": IN_STOCK_FACTOR}
        query = _function_score(query, [in_stock], boost_mode="multiply")
    weights = {"query_weight": 1 / LIFT, "rescore_query_weight": LIFT}
    return _PLACE.sub(
        lambda place: further_element(_rescorer(int(place[1]), query, score_mode="multiply", **weights)).text, template
    )


def rule_problems(rule: Rule, profile: IndexProfile, place: str) -> list[Problem]:
    """What is wrong with a rule for an index with this profile; `place` is where it stands in its file."""
    if rule.in_stock_first and not profile.product.stock:
        return [Problem(f"{place}.in_stock_first", "the profile does not say which field is the stock (product.stock)")]
    return _where(rule, profile, f"{place}.where")[1]


def where_clauses(rule: Rule, profile: IndexProfile, *, of_picked: bool = False) -> list[Body]:
    """The query clauses of a rule's `where`, all of which its products match, in the profile's default language,
    whatever that of a search is; `of_picked` as in `clauses_of`."""
    return clauses_of(profile.in_language(), _where(rule, profile, "")[0], of_picked=of_picked)


def _where(rule: Rule, profile: IndexProfile, place: str) -> tuple[dict[str, Any], list[Problem]]:
    filters: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in (rule.where or {}).items():
        if isinstance(value, Mapping):
            problems += [Problem(f"{place}.{name}.{key}", "a range has min and max") for key in value.keys() - _BOUNDS]
            value = tuple(map(value.get, _BOUNDS))  # noqa: PLW2901 - as a page's filters have it
        elif isinstance(value, list) and any(one.ordered for one in profile.filters if one.name == name):
            problems.append(Problem(f"{place}.{name}", "write a range as {min: 10, max: 20}; one of both is enough"))
            continue
        filters[name] = value
    params, wrong = filter_parameters(profile, filters, place)
    return params, [*problems, *wrong]


_BOUNDS = ("min", "max")


def _limited(rules: Sequence[Rule], profile: IndexProfile) -> Body:
    """The product of the factors of the rules that a product fits, between 1 / MAX_FACTOR and MAX_FACTOR."""
    if not rules:
        return MATCH_ALL
    most = {"constant_score": {"filter": MATCH_ALL, "boost": MAX_FACTOR}}
    factors = [
        {
            "filter": {"bool": {"filter": where_clauses(rule, profile, of_picked=True)}},
            "weight": rule.boost or rule.bury,
        }
        for rule in rules
    ]
    at_most = _function_score(most, factors, boost_mode="min")
    return _function_score(at_most, [{"filter": MATCH_ALL, "weight": 1 / MAX_FACTOR}], boost_mode="max")


def _function_score(query: Body, functions: Sequence[Body], *, boost_mode: str) -> Body:
    options = {"score_mode": "multiply", "boost_mode": boost_mode}
    return {"function_score": {"query": query, "functions": list(functions), **options}}


def _in_stock(profile: IndexProfile, mapping: Mapping[str, Any]) -> Body:
    """The products in stock: not those with a stock of 0, of false, or without one. Of a stock per store, that of the
    store which a search picks counts, else that of any."""
    path = str(profile.product.stock)
    field = index_fields(mapping).get(path)
    available = {"term": {path: True}} if field and field.type == "boolean" else {"range": {path: {"gt": 0}}}
    return reached(profile, path, available)


def _pinned(id_field: str) -> Body:
    """The pinned products by descending scores: each is in one more query than the one before it, with a boost below 1.

    (An index into the list, `{{pins.3}}`, fails where the list is shorter.) The cluster refuses a list that is far too
    long, because it has a limit on queries inside of queries.
    """
    pin = {"constant_score": {"filter": {"term": {id_field: "{{.}}"}}, "boost": 1}}
    head = f'{{"bool":{{"boost":{PIN_STEP},"must":[{{"dis_max":{{"queries":[{render(pin)},'
    pins = f"{{{{#pins}}}}{head}{{{{/pins}}}}{render(MATCH_NONE)}{{{{#pins}}}}]}}}}]}}}}{{{{/pins}}}}"
    return RawTemplate(pins)


def _rescorer(window: int, query: Body, *, score_mode: str, **weights: float) -> dict[str, Body]:
    """A rescorer over the first products of each shard."""
    weights = {"query_weight": 1, "rescore_query_weight": 1, **weights}
    return {"window_size": window, "query": {"rescore_query": query, **weights, "score_mode": score_mode}}
