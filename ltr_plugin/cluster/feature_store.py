"""The learning-to-rank plugin's own calls: a feature store, feature sets and models in it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.analysis import MAX_QUERY_WORDS
from ltr_plugin.cluster.names import require_name
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.features.clauses import clause_count
from ltr_plugin.features.compatibility import check_fields
from ltr_plugin.features.feature_set import FeatureSet

Wire = dict[str, Any]

TRIAL_TEXT = "a red shoe with two white laces"
"""A text that a new feature set is tried with: some features fail only at several words."""

DEFAULT_CLAUSE_LIMIT = 1024
"""The clauses of a search that each cluster accepts which was not told otherwise."""

MAX_NAMES = 20
"""Names that a message lists."""

TRIAL = ".trial-"
"""A part of the name of a model that is being compared with its ranker, and is deleted afterwards."""


class FeatureStore:
    """One feature store (the default one unless named)."""

    def __init__(self, cluster: Cluster, name: str = "") -> None:
        """InputError for a name that would reach other stores: the plugin expands wildcards, in deletes too."""
        if name:
            require_name("store", name, lower_case=True)
        self.cluster = cluster
        self.name = name
        self._base = f"/_ltr/{name}" if name else "/_ltr"

    def ensure(self) -> None:
        """Creates the store unless it exists."""
        try:
            self.cluster.call("PUT", self._base)
        except ClusterError as error:
            if error.error_type != "resource_already_exists_exception":
                raise

    def put_feature_set(self, features: FeatureSet, index: str = "") -> None:
        """Stores the set, and its logging twin in which a feature without a value does not match.

        The store is created when it lacks the set. InputError when it has another set of this name and version: tables
        and models would not tell which; or when the cluster cannot compute it for products of `index`, where given.
        """
        for name, zero_filled in ((features.id, True), (logging_set_name(features), False)):
            rendered = features.rendered(self.cluster.engine, zero_filled=zero_filled)
            stored = self.feature_set(name)
            if stored is None:
                if zero_filled:  # first of the two: without it, the store may be missing too
                    self.ensure()
                element = {"name": name, "features": rendered}
                validation = {"index": index, "params": {"text": TRIAL_TEXT}} if index else None
                try:
                    created = self._create("featureset", element, validation=validation)
                except ClusterError as error:
                    if error.status != 400:
                        raise
                    raise InputError(f"feature set {features.id}", str(error)) from None
                stored = element if created else self.feature_set(name)
            if stored and stored["features"] != rendered:
                raise InputError(
                    f"feature set {features.id}",
                    "the cluster has other features under this version; raise `version` in its file, then log features "
                    "and train again",
                )

    def feature_set(self, name: str) -> Wire | None:
        """A stored set in the plugin's form, or None."""
        stored = self._get_element("_featureset", name)
        return stored and stored["featureset"]

    def put_model(self, name: str, features: FeatureSet, model: Wire) -> None:
        """Stores a model with its own copy of the rendered features, unless there is one of this name."""
        served = {"name": features.id, "features": features.rendered(self.cluster.engine)}
        self._create("model", {"name": name, "feature_set": served, "model": model})

    def model(self, name: str) -> Wire | None:
        """A stored model in the plugin's form, or None."""
        stored = self._get_element("_model", name)
        return stored and stored["model"]

    def delete_model(self, name: str) -> None:
        """Deletes a model and drops what nodes have cached of the store."""
        self.cluster.call("DELETE", f"{self._base}/_model/{name}")
        self.cluster.call("POST", f"{self._base}/_clearcache")

    def stored_features(self, name: str) -> list[Wire]:
        """The features of the feature set of this name, or else of the model, in the plugin's form.

        InputError, which lists the names that there are, where the store has neither.
        """
        stored = self.feature_set(name) or (self.model(name) or {}).get("feature_set")
        if stored is None:
            names = [*self._names("featureset"), *self.model_names()]
            there = ", ".join(names[:MAX_NAMES]) + (", ..." if len(names) > MAX_NAMES else "")
            store = f"the store {self.name!r}" if self.name else "the default store"
            raise InputError(name, f"{store} has no feature set or model of this name; it has {there or 'none'}")
        features: list[Wire] = stored.get("features", [])
        return features

    def model_names(self, prefix: str = "") -> list[str]:
        """The names of all models but trials that start with `prefix`, sorted; none where there is no store yet."""
        return [name for name in self._names("model", prefix) if TRIAL not in name]

    def _names(self, kind: str, prefix: str = "") -> list[str]:
        params: dict[str, str | int] = {"size": 1000, **({"prefix": prefix} if prefix else {})}
        try:
            hits = self.cluster.call("GET", f"{self._base}/_{kind}", **params)["hits"]["hits"]
        except ClusterError as error:
            if error.status == 404:
                return []
            raise
        return sorted(hit["_source"]["name"] for hit in hits)

    def _create(self, kind: str, element: Wire, *, validation: Wire | None = None) -> bool:
        """Stores a feature set or model; False when another command was first with its name."""
        body = {kind: element, **({"validation": validation} if validation else {})}
        try:
            self.cluster.call("PUT", f"{self._base}/_{kind}/{element['name']}", body)
        except ClusterError as error:
            if error.status != 409:
                raise
            return False
        return True

    def _get_element(self, kind: str, name: str) -> Wire | None:
        try:
            found: Wire = self.cluster.call("GET", f"{self._base}/{kind}/{quote(name, safe='')}")["_source"]
        except ClusterError as error:
            if error.status == 404:
                return None
            raise
        return found


def push_features(index: Index, feature_set: FeatureSet) -> None:
    """Stores a feature set in the cluster; one that is there already is left as it is.

    InputError when the index lacks a field or vector that the set reads, or the cluster has other features under the
    set's name and version.
    """
    check_features(index, feature_set)
    FeatureStore(index.cluster).put_feature_set(feature_set, index.name)


@dataclass(frozen=True)
class ClauseUse:
    """The most clauses that a text makes with a feature set, and the most that the cluster accepts.

    `max_query_words` are the words after which it cuts a text.
    """

    used: int
    limit: int
    max_query_words: int = MAX_QUERY_WORDS

    def __str__(self) -> str:
        return (
            f"texts are cut after {self.max_query_words} words; this set uses {self.used:,} of {self.limit:,} clauses"
        )


def check_features(index: Index, features: FeatureSet) -> ClauseUse:
    """The clauses that searches with this set need.

    InputError when they are more than the cluster accepts, or the index lacks a field or vector that the set reads.
    """
    profile = index.profile
    check_fields(
        features, index.mapping, index.vectors, pick_keys=profile.pick_keys, languages=tuple(profile.languages)
    )
    use = ClauseUse(clause_count(features, MAX_QUERY_WORDS), _clause_limit(index.cluster))
    if use.used > use.limit:
        advice = f"leave out features of text or their fields, or {index.cluster.engine.clause_advice}"
        raise InputError(f"feature set {features.id}", f"long texts would fail: {use}; {advice}")
    return use


def _clause_limit(cluster: Cluster) -> int:
    try:
        response = cluster.call("GET", cluster.engine.clause_limit_path)
    except ClusterError as error:
        if error.status != 403:  # an account may not be allowed to ask
            raise
        response = {}
    return cluster.engine.clause_limit(response) or DEFAULT_CLAUSE_LIMIT


def logging_set_name(features: FeatureSet) -> str:
    """The name of the set that is logged: its features match only where they have a value."""
    return f"{features.id}-log"
