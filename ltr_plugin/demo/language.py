"""A language of the demo's shop: the words of its texts and queries, and how they are put together.

The words are data, in `words/`; a language has as many words for each value as English has, so that the same random
numbers give the same products, queries and judgments in every language.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

from ltr_plugin.demo.traits import Traits

LANGUAGES = {"en": "english", "de": "german", "zh": "chinese"}
"""By code: the name of the language's analysis, and of its file of words."""

RESPELLED_SHARE = 0.25
"""Fraction of the queries that are typed without the letters that a language can respell (`fuer` for `für`)."""

Words = tuple[str, ...]


class _Part(BaseModel):
    """Unlike those of StrictModel, its texts keep their blanks."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KindWords(_Part):
    """The names of a kind, the shop's own first, and of its shapes. `asked` are the shoppers' names, where they have
    others than the shop."""

    nouns: Words
    shapes: Mapping[str, Words]
    asked: Words = ()


class Language(_Part):
    """Words and forms; `words/english.yaml` says what each is for. `{Word}` in a form is `{word}` with a capital."""

    join: str
    comma: str
    after: Mapping[str, str] = {}
    endings: Mapping[str, Words] = {}
    undeclined: str = ""
    respelled: Mapping[str, str] = {}
    replaced: Mapping[str, str] = {}
    names: Mapping[str, str]
    titles: Words
    fact: str
    fact_sentence: str
    warranty: str
    timbre: tuple[str, str]
    descriptions: Mapping[str, Words]
    praise: Words
    things: Words
    distractions: Words
    small_talk: Words
    with_photo: Mapping[str, Words]
    with_sound: Mapping[str, Words]
    words: Mapping[str, Mapping[str, Words]]
    kinds: Mapping[str, KindWords]

    def words_for(self, attribute: str, value: str, *, kind: str = "", asked: bool = False) -> Words:
        """The words for the value, the most common one first. Only shapes need the `kind`; `asked`: those of
        shoppers. Brands are their own words."""
        if attribute == "kind":
            own = self.kinds[value]
            return (asked and own.asked) or own.nouns
        if attribute == "shape":
            return self.kinds[kind].shapes[value]
        return self.words.get(attribute, {}).get(value) or (self.name(value),)

    def name(self, value: str) -> str:
        """What the catalog calls a field, a category or a material."""
        return self.names.get(value, value)

    def draw_word(
        self,
        attribute: str,
        value: str,
        rng: np.random.Generator,
        *,
        synonyms: float,
        kind: str = "",
        asked: bool = False,
    ) -> str:
        """A word for the value; with probability `synonyms` one of the rarer ones."""
        words = self.words_for(attribute, value, kind=kind, asked=asked)
        rare = len(words) > 1 and rng.random() < synonyms
        return words[int(rng.integers(1, len(words)))] if rare else words[0]

    def draw_noun(
        self,
        traits: Traits,
        attributes: Iterable[str],
        rng: np.random.Generator,
        *,
        synonyms: float,
        noun_synonyms: float,
        asked: bool = False,
    ) -> tuple[str, dict[str, str]]:
        """A noun for the product, which may say its shape, and words for the other attributes, in mixed order."""
        words = {
            name: self.draw_word(name, getattr(traits, name), rng, synonyms=synonyms, kind=traits.kind)
            for name in attributes
        }
        noun = words.pop("shape", None) or self.draw_word("kind", traits.kind, rng, synonyms=noun_synonyms, asked=asked)
        order = rng.permutation(sorted(words.keys() - {"use"})).tolist()
        return noun, {name: words[name] for name in (*order, *(words.keys() & {"use"}))}

    def phrase(self, noun: str, words: Mapping[str, str], *, listed: str = "") -> str:
        """The noun with words for its attributes. `listed` is put between them when the noun comes first."""
        before = {name: word for name, word in words.items() if name not in self.after}
        after = [form.format(words[name]) for name, form in self.after.items() if name in words]
        if listed:
            return self.join.join([listed.join([noun, *before.values()]), *after])
        declined = [word if name == "brand" else self._decline(word, noun) for name, word in before.items()]
        return self.join.join([*declined, noun, *after])

    def _decline(self, word: str, noun: str) -> str:
        """The adjective before this noun: a compound has the gender of its last part."""
        endings = (ending for ending, parts in self.endings.items() if noun.lower().endswith(parts))
        return word if word.endswith(tuple(self.undeclined)) else word + next(endings, "")

    def label(self, attribute: str, value: str) -> str:
        """The value as the catalog's attributes state it."""
        return self.names.get(value) or self.words_for(attribute, value)[0]

    def measure(self, value: str) -> str:
        """A measure with its unit."""
        for old, new in self.replaced.items():
            value = value.replace(old, new)
        return value

    def type_query(self, text: str, rng: np.random.Generator) -> str:
        """The text as a shopper types it: without capitals, and sometimes in the letters of any keyboard."""
        text = text.lower()
        if rng.random() < RESPELLED_SHARE:
            for letter, plain in self.respelled.items():
                text = text.replace(letter, plain)
        return text


def fill(form: str, **words: str) -> str:
    """The form with these words: `{word}` is one, `{Word}` the same with a capital."""
    return form.format(**words, **{name.capitalize(): capitalize(word) for name, word in words.items()})


def capitalize(text: str) -> str:
    """The text with its first letter as a capital, and the others as they are."""
    return text[:1].upper() + text[1:]


@cache
def load_language(code: str) -> Language:
    """The language with this code of LANGUAGES."""
    path = Path(__file__).parent / "words" / f"{LANGUAGES[code]}.yaml"
    return Language.model_validate(yaml.safe_load(path.read_text("utf-8")))


ENGLISH = load_language("en")
