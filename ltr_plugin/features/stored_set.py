"""Features as a store of the learning-to-rank plugin has them, as features of a feature-set file."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ltr_plugin.features.expressions import variables
from ltr_plugin.features.feature_file import FeatureEntry, FeatureGroup, slug, unique
from ltr_plugin.features.kinds import AnyFeature
from ltr_plugin.features.mustache import FUNCTION, OPENED, parameters_of
from ltr_plugin.features.parameters import flag_name
from ltr_plugin.validation import problems_of, shorten

_FEATURE: TypeAdapter[Any] = TypeAdapter(AnyFeature)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True)
class StoredFeatures:
    """What of a stored feature set can be in a file.

    `features` are the entries. `renamed` has the new names of those whose names a file cannot have, `left_out` the
    reasons of those that it cannot have at all, `parameters` those that no search of ours has, each with the features
    that read it.
    """

    features: list[FeatureEntry] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, list[str]] = field(default_factory=dict)

    def groups(self) -> list[FeatureGroup]:
        """The features, with comments on the rest."""
        unknown = [f"{name}: {', '.join(features)}" for name, features in self.parameters.items()]
        renamed = [f"{name}: {new}" for name, new in self.renamed.items()]
        left_out = [f"{name}: {reason}" for name, reason in self.left_out.items()]
        comments = [
            (
                "Parameters that searches of this library do not have, with the templates that read them:",
                unknown,
            ),
            ("Renamed, because names have a-z, 0-9 and _ alone:", renamed),
            ("Left out:", left_out),
        ]
        return [FeatureGroup("", self.features)] + [
            FeatureGroup("\n".join([head, *lines]), []) for head, lines in comments if lines
        ]


def read_stored(
    stored: Sequence[Mapping[str, Any]], vectors: Iterable[str] = (), *, text_parameter: str = "text"
) -> StoredFeatures:
    """The features of a stored set: mustache templates and derived expressions.

    `vectors` are the names of the query vectors that searches have. `text_parameter` is what the templates call the
    query's text, which searches of this library call `text`.
    """
    known = {name for parameter in ("text", *vectors) for name in (parameter, flag_name(parameter))}
    made = StoredFeatures()
    names: dict[str, str] = {}
    for one in stored:
        name = str(one["name"])
        new = unique(slug(name), names.values())
        try:
            entry, used = _entry(one, new, names, text_parameter)
            _FEATURE.validate_python(entry)
        except ValidationError as error:
            made.left_out[name] = problems_of(error)[0].message
            continue
        except ValueError as error:
            made.left_out[name] = str(error)
            continue
        names[name] = new
        if new != name:
            made.renamed[name] = new
        for parameter in sorted(used - known):
            made.parameters.setdefault(parameter, []).append(new)
        made.features.append(entry)
    return made


def _entry(
    one: Mapping[str, Any], name: str, names: Mapping[str, str], text_parameter: str
) -> tuple[FeatureEntry, set[str]]:
    """A feature of a file, and the parameters that it reads. ValueError says why a stored one cannot be that."""
    language, template = one.get("template_language", "mustache"), one["template"]
    if language == "derived_expression":
        return _derived(str(template), name, names), set()
    if language != "mustache":
        raise ValueError(f"a feature in the language {language} cannot be in a feature-set file")
    text = template if isinstance(template, str) else json.dumps(template, ensure_ascii=False)
    tag = rf"({OPENED.pattern}|{FUNCTION.pattern}){re.escape(text_parameter)}(?=\s*(?:\}}|\{{\{{/))"
    text = re.sub(tag, r"\1text", text)
    try:
        body = json.loads(text)
    except ValueError:  # no JSON until it is rendered
        body = text.strip()
    if not isinstance(body, dict | str):
        raise ValueError(  # noqa: TRY004 - what is wrong is the stored text
            f"its template is no query: {shorten(text)}"
        )
    declared = {"text" if parameter == text_parameter else parameter for parameter in one.get("params") or ()}
    used = declared | parameters_of(text)
    return {"name": name, "kind": "template", "modality": "text" if used else "behaviour", "template": body}, used


def _derived(expression: str, name: str, names: Mapping[str, str]) -> FeatureEntry:
    if missing := sorted(variables(expression) - names.keys()):
        raise ValueError(f"its expression reads {', '.join(missing)}, which is no earlier feature of the file")
    renamed = _NAME.sub(lambda found: names.get(found[0], found[0]), expression)
    return {"name": name, "kind": "derived", "modality": "text", "expression": renamed}
