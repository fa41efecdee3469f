"""Shoppers' queries: typed, by photo, by recording, or by a photo or recording with text that changes or adds one
attribute.

Each is drawn from the hidden attributes of a product, so that the shop has a relevant product.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ltr_plugin.demo.judgments import NEAR, Intent
from ltr_plugin.demo.products import DemoProduct
from ltr_plugin.demo.traits import COLOURS, PATTERNS, Traits
from ltr_plugin.demo.vocabulary import word_for

VISIBLE = ("colour", "pattern", "shape")
"""The attributes that a photo asks for, beside the kind."""
AUDIBLE = ("timbre", "melody")
"""The attributes that a recording asks for, of any kind of product."""

_TYPED: tuple[tuple[float, tuple[tuple[str, ...], ...]], ...] = (
    (0.10, ((),)),
    (0.22, (("material",), ("material", "use"), ("use",), ("shape",), ("shape", "material"))),
    (0.34, (("pattern",), ("colour",), ("colour", "pattern"), ("pattern", "shape"), ("colour", "shape"))),
    (0.18, (("colour", "use"), ("pattern", "material"), ("pattern", "use"), ("colour", "material"))),
    (0.16, (("brand",), ("brand", "colour"), ("band", "pattern"), ("band", "shape"), ("band", "use"))),
)
"""Fraction of the typed queries, and the attributes they ask for: none, attributes that texts name, attributes that
mostly photos show, both, and brands and prices."""

_SMALL_TALK = ("{}", "{}", "{}", "{}", "looking for {}", "need {}", "{} please", "nice {}")


@dataclass(frozen=True)
class DemoQuery:
    """One query. `photo_traits` and `sound_traits` are the attributes in its photo and its recording (None where it has
    none), `intent` is what the shopper wants."""

    id: str
    intent: Intent
    text: str | None = None
    photo_traits: Traits | None = None
    sound_traits: Traits | None = None

    @property
    def mode(self) -> str:
        """`typed`, `photo`, `mixed` (photo and text), `sound` or `soundmixed` (recording and text)."""
        return self.id.split("-")[0]


def draw_queries(products: Sequence[DemoProduct], counts: dict[str, int], rng: np.random.Generator) -> list[DemoQuery]:
    """As many different queries of each mode as `counts` says; recordings are of sounds that products have."""
    queries: list[DemoQuery] = []
    for mode, count in counts.items():
        some = [item for item in products if item.traits.timbre] if mode in _SOUNDING else products
        seen: set[tuple[str | None, Traits | None, Traits | None]] = set()
        while len(seen) < count:
            wanted = some[int(rng.integers(len(some)))].traits
            drawn = _MODES[mode](f"{mode}-{len(seen) + 1:03d}", wanted, rng)
            asks = (drawn.text, drawn.photo_traits, drawn.sound_traits)
            if asks not in seen:
                seen.add(asks)
                queries.append(drawn)
    return queries


def split_queries(
    queries: Sequence[DemoQuery], train_share: float, rng: np.random.Generator
) -> tuple[list[DemoQuery], list[DemoQuery]]:
    """Training and test queries: the same fraction of each mode, in the given order."""
    train_ids: set[str] = set()
    for mode in _MODES:
        ids = [query.id for query in queries if query.mode == mode]
        chosen = rng.permutation(ids).tolist()[: round(train_share * len(ids))]
        train_ids.update(chosen)
    train = [query for query in queries if query.id in train_ids]
    return train, [query for query in queries if query.id not in train_ids]


def _typed(name: str, wanted: Traits, rng: np.random.Generator) -> DemoQuery:
    group = int(rng.choice(len(_TYPED), p=[share for share, _ in _TYPED]))
    recipes = _TYPED[group][1]
    attributes = {attribute: getattr(wanted, attribute) for attribute in recipes[int(rng.integers(len(recipes)))]}
    if attributes.get("band") == "middle":  # nobody asks for the middle
        del attributes["band"]
    spoken = {key: word_for(key, value, rng, synonyms=0.4, kind=wanted.kind) for key, value in attributes.items()}
    noun = spoken.pop("shape", None) or word_for("kind", wanted.kind, rng, synonyms=0.4)
    use = f" for {spoken.pop('use')}" if "use" in spoken else ""
    adjectives = [spoken[key] for key in rng.permutation(sorted(spoken)).tolist()]
    words = [noun, *adjectives] if rng.random() < 0.2 else [*adjectives, noun]
    text = _pick(_SMALL_TALK, rng).format(" ".join(words) + use).lower()
    return DemoQuery(name, Intent(wanted.kind, attributes), text=text)


def _photo(name: str, wanted: Traits, _: np.random.Generator) -> DemoQuery:
    return DemoQuery(name, Intent(wanted.kind, _seen(wanted)), photo_traits=wanted)


def _mixed(name: str, wanted: Traits, rng: np.random.Generator) -> DemoQuery:
    """Half of the photos show another colour or pattern, which the text corrects; in the other half, the text adds an
    attribute that no photo shows."""
    attributes = _seen(wanted)
    if rng.random() < 0.5:
        attribute = _pick(("colour", "colour", "pattern"), rng)
        word = word_for(attribute, attributes[attribute], rng, synonyms=0.25)
        other = _other(attribute, wanted, rng)
        shown = replace(wanted, colour=other) if attribute == "colour" else replace(wanted, pattern=other)
        forms = {
            "colour": ("in {}", "the same in {}", "but {}", "this one in {} please", "{} instead"),
            "pattern": ("but {}", "a {} one", "the same, {}", "with a {} design"),
        }[attribute]
        return DemoQuery(name, Intent(wanted.kind, attributes), _pick(forms, rng).format(word), shown)
    attribute = _pick(("use", "material", "material", "brand", "band"), rng)
    if attribute == "band" and wanted.band == "middle":
        attribute = "use"
    word = word_for(attribute, getattr(wanted, attribute), rng, synonyms=0.25)
    forms = {
        "use": ("for {}", "like this for {}"),
        "material": ("{}", "made of {}", "in {}"),
        "brand": ("by {}", "{}"),
        "band": ("{}", "something like this, {}"),
    }[attribute]
    intent = Intent(wanted.kind, {**attributes, attribute: getattr(wanted, attribute)})
    return DemoQuery(name, intent, _pick(forms, rng).format(word).lower(), wanted)


def _sound(name: str, wanted: Traits, _: np.random.Generator) -> DemoQuery:
    return DemoQuery(name, Intent(None, _heard(wanted)), sound_traits=wanted)


def _sound_mixed(name: str, wanted: Traits, rng: np.random.Generator) -> DemoQuery:
    """The text names the kind, with its colour or without, or a brand or price of any product with this sound."""
    attributes = _heard(wanted)
    about = _pick(("kind", "kind", "colour", "brand", "band"), rng)
    if about == "band" and wanted.band == "middle":
        about = "kind"
    noun = word_for("kind", wanted.kind, rng, synonyms=0.3)
    word = noun if about == "kind" else word_for(about, getattr(wanted, about), rng, synonyms=0.25)
    forms = {
        "kind": (
            "{} that sounds like this",
            "{} with this sound",
            "find the {} that goes like this",
            "need {} like this",
        ),
        "colour": ("{} " + noun + " that sounds like this", noun + " with this sound in {}"),
        "brand": ("something like this by {}", "{}, with this sound"),
        "band": ("like this but {}", "{}, with this sound"),
    }[about]
    if about != "kind":
        attributes[about] = getattr(wanted, about)
    kind = wanted.kind if about in {"kind", "colour"} else None
    return DemoQuery(name, Intent(kind, attributes), _pick(forms, rng).format(word).lower(), sound_traits=wanted)


_MODES = {"typed": _typed, "photo": _photo, "mixed": _mixed, "sound": _sound, "soundmixed": _sound_mixed}
_SOUNDING = {"sound", "soundmixed"}


def _seen(traits: Traits) -> dict[str, str]:
    return {attribute: getattr(traits, attribute) for attribute in VISIBLE}


def _heard(traits: Traits) -> dict[str, str]:
    return {attribute: getattr(traits, attribute) for attribute in AUDIBLE}


def _other(attribute: str, traits: Traits, rng: np.random.Generator) -> str:
    """A value that is neither the wanted one nor near it, nor the colour of the pattern."""
    wanted = getattr(traits, attribute)
    values = COLOURS if attribute == "colour" else PATTERNS
    far = [value for value in values if value != wanted and frozenset((value, wanted)) not in NEAR[attribute]]
    return _pick(tuple(value for value in far if value != traits.second_colour), rng)


def _pick(values: tuple[str, ...], rng: np.random.Generator) -> str:
    return values[int(rng.integers(len(values)))]
