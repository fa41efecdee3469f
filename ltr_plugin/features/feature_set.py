"""Feature sets: the ordered features of a ranker, as a YAML file defines them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ModelWrapValidatorHandler, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails

from ltr_plugin.catalog.product import digest
from ltr_plugin.engines import OPENSEARCH, Engine
from ltr_plugin.errors import InputError
from ltr_plugin.features.expressions import variables
from ltr_plugin.features.feature import Feature
from ltr_plugin.features.kinds import RENAMED_KEYS, AnyFeature, Derived
from ltr_plugin.features.mustache import render
from ltr_plugin.resources import resource_dir
from ltr_plugin.validation import StrictModel, decode, read_yaml

FeatureSetName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class FeatureSet(StrictModel):
    """Ordered features with a name and a version.

    The columns of a table, the features of a model and the values of a log are in the order of `features`.
    """

    name: FeatureSetName
    version: Annotated[int, Field(ge=1)]
    features: tuple[AnyFeature, ...]

    @classmethod
    def load(cls, path_or_name: Path | str) -> Self:
        """The feature set in a YAML file, or the shipped one of this name: `shop`, `media` or `words`.

        An existing file is preferred to a shipped feature set. InputError lists every problem of the file; when there
        is no such file, it lists the shipped names.
        """
        shipped = shipped_feature_sets()
        path = Path(path_or_name)
        if not path.is_file():
            path = shipped.get(str(path_or_name), path)
        if not path.exists():
            names = ", ".join(shipped)
            raise InputError(str(path), f"no such file, nor a shipped feature set; shipped are {names}")
        return decode(cls, read_yaml(path), source=str(path), renamed_keys=RENAMED_KEYS)

    @property
    def id(self) -> str:
        """Its name in the cluster, such as `shop-v3`."""
        return f"{self.name}-v{self.version}"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features, in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def monotone_constraints(self) -> tuple[int, ...]:
        """For each feature 1 (a greater value never lowers the score), -1 (never raises it), or 0 (unconstrained)."""
        signs = {"increasing": 1, "decreasing": -1, None: 0}
        return tuple(signs[feature.monotonicity] for feature in self.features)

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits that change with the name or the query of any feature, or with their order.

        It is the same for all search engines."""
        return digest(self.rendered())

    def rendered(self, engine: Engine = OPENSEARCH, *, zero_filled: bool = True) -> list[dict[str, object]]:
        """The features as JSON of the feature-set API of a search engine's learning-to-rank plugin.

        `zero_filled` features match every product and score 0 where they have no value, so that every version of the
        plugin scores them alike: these are served. Otherwise a product without a value does not match: these are
        logged, so that a log distinguishes missing from 0.
        """
        return [_rendered(feature, engine, zero_filled=zero_filled) for feature in self.features]

    @model_validator(mode="wrap")
    @classmethod
    def _consistent(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """The set. Mistakes between features are listed with those of each feature, so that one look shows all."""
        made: Self | None = None
        errors: list[InitErrorDetails] = []
        features: list[tuple[object, object]]
        try:
            made = handler(value)
            features = [(one.name, getattr(one, "expression", None)) for one in made.features]
            errors += [] if features else [_mistake(("features",), "at least one is needed")]
        except ValidationError as error:
            errors = [_kept(details) for details in error.errors(include_url=False)]
            features = _as_written(value)
        errors += _conflicts(features)
        if made is None or errors:
            raise ValidationError.from_exception_data(cls.__name__, errors)
        return made


def shipped_feature_sets() -> dict[str, Path]:
    """The files of the feature sets that are installed with the library, by name, sorted."""
    return {path.stem: path for path in sorted(resource_dir("feature_sets").glob("*.yaml"))}


def _rendered(feature: Feature, engine: Engine, *, zero_filled: bool) -> dict[str, object]:
    query, language = feature.query(engine), "mustache"
    if isinstance(feature, Derived):
        language = "derived_expression"
    elif zero_filled:
        query = {"bool": {"must": [{"match_all": {"boost": 0}}], "should": [query]}}
    return {"name": feature.name, "params": [], "template_language": language, "template": render(query)}


def _as_written(value: object) -> list[tuple[object, object]]:
    """Name and expression of each feature of a set that has mistakes."""
    features = value.get("features") if isinstance(value, Mapping) else None
    pairs = features if isinstance(features, list | tuple) else []
    return [(one.get("name"), one.get("expression")) if isinstance(one, Mapping) else (None, None) for one in pairs]


def _conflicts(features: Sequence[tuple[object, object]]) -> Iterator[InitErrorDetails]:
    """The names that are taken twice, and the expressions that read what no earlier feature is."""
    earlier: set[object] = set()
    for position, (name, expression) in enumerate(features):
        if isinstance(name, str) and name in earlier:
            yield _mistake(("features", position, "name"), f"name {name!r} is taken by an earlier feature; rename one")
        if isinstance(expression, str) and (unknown := sorted(variables(expression) - earlier)):
            message = f"the expression reads {unknown}, which are not earlier features"
            yield _mistake(("features", position, "expression"), message)
        if isinstance(name, str):
            earlier.add(name)


def _mistake(location: tuple[int | str, ...], message: str) -> InitErrorDetails:
    return InitErrorDetails(type="value_error", loc=location, input=None, ctx={"error": ValueError(message)})


def _kept(details: ErrorDetails) -> InitErrorDetails:
    """An error that pydantic found, to be raised again."""
    return InitErrorDetails(
        type=details["type"], loc=details["loc"], input=details["input"], ctx=details.get("ctx", {})
    )
