"""A feature set: the ordered features of a ranker, read from one YAML file."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, StringConstraints, model_validator

from ltr_plugin.catalog.product import digest
from ltr_plugin.errors import InputError, Problem
from ltr_plugin.features.expressions import variables
from ltr_plugin.features.kinds import AnyFeature, Derived, Feature
from ltr_plugin.features.mustache import render
from ltr_plugin.validation import StrictModel, decode

FeatureSetName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class FeatureSet(StrictModel):
    """Name, version and features. The order of `features` is the order of every table, model and log made with it."""

    name: FeatureSetName
    version: Annotated[int, Field(ge=1)]
    features: tuple[AnyFeature, ...]

    @property
    def id(self) -> str:
        """Its name in the cluster, such as `shop-v3`."""
        return f"{self.name}-v{self.version}"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features' names, in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def monotone_constraints(self) -> tuple[int, ...]:
        """For each feature 1 where more never hurts, -1 where more never helps, 0 where nothing is said."""
        signs = {"increasing": 1, "decreasing": -1, None: 0}
        return tuple(signs[feature.monotonicity] for feature in self.features)

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits that change with anything that changes a value."""
        return digest(self.rendered())

    def rendered(self, *, zero_filled: bool = True) -> list[dict[str, object]]:
        """The features in the plugin's form.

        `zero_filled` features match every product, with 0 where they have no value, so that every version of the plugin
        scores them alike; this is what is served. Otherwise a product without a value does not match, so that a log
        tells missing from zero.
        """
        return [_rendered(feature, zero_filled=zero_filled) for feature in self.features]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.features:
            raise ValueError("features: at least one is needed")
        seen: set[str] = set()
        for position, feature in enumerate(self.features):
            location = f"features[{position}]"
            if feature.name in seen:
                raise ValueError(f"{location}: name {feature.name!r} is taken by an earlier feature")
            if isinstance(feature, Derived):
                later = sorted(variables(feature.expression) - seen)
                if later:
                    raise ValueError(
                        f"{location}: the expression reads {later}, which are no earlier features of the set"
                    )
            seen.add(feature.name)
        return self


def load_feature_set(path: Path) -> FeatureSet:
    """The feature set in a YAML file; InputError with every mistake in it."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        position = getattr(error, "problem_mark", None)
        location = f"line {position.line + 1}" if position else ""
        raise InputError(str(path), [Problem(location, f"no YAML: {getattr(error, 'problem', error)}")]) from None
    return decode(FeatureSet, value, source=str(path))


def _rendered(feature: Feature, *, zero_filled: bool) -> dict[str, object]:
    if isinstance(feature, Derived):
        return {
            "name": feature.name,
            "params": [],
            "template_language": "derived_expression",
            "template": feature.expression,
        }
    query = feature.query()
    if zero_filled:
        query = {"bool": {"must": [{"match_all": {"boost": 0}}], "should": [query]}}
    return {"name": feature.name, "params": [], "template_language": "mustache", "template": render(query)}
