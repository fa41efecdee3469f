"""Shoppers' queries: typed, by photo, by recording, or by a photo or recording with text that changes or adds one
attribute.

Each is drawn from the hidden attributes of a product, so that the shop has a relevant product.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ltr_plugin.demo.judgments import NEAR, Intent
from ltr_plugin.demo.language import ENGLISH, Language, fill
from ltr_plugin.demo.products import DemoProduct
from ltr_plugin.demo.traits import COLOURS, PATTERNS, Traits

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


def draw_queries(
    products: Sequence[DemoProduct], counts: dict[str, int], rng: np.random.Generator, language: Language = ENGLISH
) -> list[DemoQuery]:
    """As many different queries of each mode as `counts` says; recordings are of sounds that products have."""
    queries: list[DemoQuery] = []
    (typing_rng,) = rng.spawn(1)  # a stream of its own: how a text is typed does not change other queries
    for mode, count in counts.items():
        some = [item for item in products if item.traits.timbre] if mode in _SOUNDING else products
        seen: set[tuple[str | None, Traits | None, Traits | None]] = set()
        while len(seen) < count:
            wanted = some[int(rng.integers(len(some)))].traits
            drawn = _MODES[mode](f"{mode}-{len(seen) + 1:03d}", wanted, rng, language)
            asks = (drawn.text, drawn.photo_traits, drawn.sound_traits)
            if asks not in seen:
                seen.add(asks)
                text = drawn.text and language.type_query(drawn.text, typing_rng)
                queries.append(replace(drawn, text=text))
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


def _typed(name: str, wanted: Traits, rng: np.random.Generator, language: Language) -> DemoQuery:
    group = int(rng.choice(len(_TYPED), p=[share for share, _ in _TYPED]))
    recipes = _TYPED[group][1]
    attributes = {attribute: getattr(wanted, attribute) for attribute in recipes[int(rng.integers(len(recipes)))]}
    if attributes.get("band") == "middle":  # nobody asks for the middle
        del attributes["band"]
    noun, words = language.draw_noun(wanted, attributes, rng, synonyms=0.4, noun_synonyms=0.4, asked=True)
    phrase = language.phrase(noun, words, listed=" " if rng.random() < 0.2 else "")
    return DemoQuery(name, Intent(wanted.kind, attributes), text=_pick(language.small_talk, rng).format(phrase))


def _photo(name: str, wanted: Traits, _: np.random.Generator, __: Language) -> DemoQuery:
    return DemoQuery(name, Intent(wanted.kind, _seen(wanted)), photo_traits=wanted)


def _mixed(name: str, wanted: Traits, rng: np.random.Generator, language: Language) -> DemoQuery:
    """Half of the photos show another colour or pattern, which the text corrects; in the other half, the text adds an
    attribute that no photo shows."""
    attributes, shown = _seen(wanted), wanted
    if rng.random() < 0.5:
        attribute = _pick(("colour", "colour", "pattern"), rng)
        word = language.draw_word(attribute, attributes[attribute], rng, synonyms=0.25)
        other = _other(attribute, wanted, rng)
        shown = replace(wanted, colour=other) if attribute == "colour" else replace(wanted, pattern=other)
    else:
        attribute = _pick(("use", "material", "material", "brand", "band"), rng)
        if attribute == "band" and wanted.band == "middle":
            attribute = "use"
        word = language.draw_word(attribute, getattr(wanted, attribute), rng, synonyms=0.25)
        attributes[attribute] = getattr(wanted, attribute)
    text = fill(_pick(language.with_photo[attribute], rng), word=word)
    return DemoQuery(name, Intent(wanted.kind, attributes), text, shown)


def _sound(name: str, wanted: Traits, _: np.random.Generator, __: Language) -> DemoQuery:
    return DemoQuery(name, Intent(None, _heard(wanted)), sound_traits=wanted)


def _sound_mixed(name: str, wanted: Traits, rng: np.random.Generator, language: Language) -> DemoQuery:
    """The text names the kind, with its colour or without, or a brand or price of any product with this sound."""
    attributes = _heard(wanted)
    about = _pick(("kind", "kind", "colour", "brand", "band"), rng)
    if about == "band" and wanted.band == "middle":
        about = "kind"
    noun = language.draw_word("kind", wanted.kind, rng, synonyms=0.3, asked=True)
    word = noun if about == "kind" else language.draw_word(about, getattr(wanted, about), rng, synonyms=0.25)
    if about != "kind":
        attributes[about] = getattr(wanted, about)
    kind = wanted.kind if about in {"kind", "colour"} else None
    named = language.phrase(noun, {about: word})
    text = fill(_pick(language.with_sound[about], rng), word=word, noun=noun, named=named)
    return DemoQuery(name, Intent(kind, attributes), text, sound_traits=wanted)


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
