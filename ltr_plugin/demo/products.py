"""Products as the shop offers them: which hidden attributes their text names, and the statistics of shoppers."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.language import ENGLISH, Language, capitalize, fill
from ltr_plugin.demo.traits import COLOURS, PRICE_BANDS, Traits, draw_traits

PHOTOLESS_SHARE = 0.09
TWO_PHOTOS_SHARE = 0.08
UNDESCRIBED_SHARE = 0.05
SOUNDLESS_SHARE = 0.13
TWO_SOUNDS_SHARE = 0.12
"""Of the products with a sound."""
CLIP_SHARE = {"silent": 0.05, "sounding": 0.14}
CLIP_ONLY_SHARE = 0.35
"""Of the products with a clip: these have neither photos nor recordings, so that only the clip shows them."""
MENTIONED_SHARE = {"colour": 0.5, "pattern": 0.25, "material": 0.85, "use": 0.7, "shape": 0.55}
"""How often a product's text names the attribute. Without a photo or clip, it always names colour and pattern."""
TIMBRE_MENTIONED_SHARE = 0.2
"""How often the text of a product with a sound names its timbre; without a recording or clip it always does. No text
names the melody."""
PLAIN_MENTIONED_SHARE = 0.1

_LAST_DAY = date(2025, 9, 30)
_PRICE_FACTOR = {"budget": 0.55, "middle": 1.0, "premium": 2.1}


@dataclass(frozen=True)
class DemoProduct:
    """One product: its hidden attributes, its numbers of media files, and the public part of its catalog record."""

    id: str
    traits: Traits
    photos: int
    sounds: int
    clips: int
    record: dict[str, object]


def draw_product(number: int, kind: str, rng: np.random.Generator, language: Language = ENGLISH) -> DemoProduct:
    """A new product of this kind. Its record has all fields but the media."""
    traits = draw_traits(kind, rng)
    photos = int(rng.choice(3, p=(PHOTOLESS_SHARE, 1 - PHOTOLESS_SHARE - TWO_PHOTOS_SHARE, TWO_PHOTOS_SHARE)))
    (audio_rng,) = rng.spawn(1)
    sounds, clips, alone = _sounds_and_clips(traits, audio_rng)
    photos = 0 if alone else photos
    described = rng.random() >= UNDESCRIBED_SHARE
    mentioned = {name for name, share in MENTIONED_SHARE.items() if rng.random() < share}
    if traits.pattern == "plain" and rng.random() >= PLAIN_MENTIONED_SHARE:
        mentioned.discard("pattern")
    if not photos and not clips:
        mentioned |= {"colour", "pattern"}
    in_title = {name for name in sorted(mentioned) if not described or rng.random() < 0.75}
    dimension, values = KINDS[kind].measure
    measured, measure = language.name(dimension), language.measure(_pick(values, rng))
    fact = language.fact.format(name=measured, value=measure)
    heard = _timbre_word(traits, audio_rng, language, always=not sounds and not clips)
    in_words = [form.format(word=heard) for form in language.timbre]
    title = _title(traits, in_title, fact, rng, language)
    description = _description(traits, mentioned - in_title, fact, rng, language) if described else ""
    record: dict[str, object] = {
        "id": f"p{number:05d}",
        "title": title if described or not heard else f"{title}{language.comma}{in_words[0]}",
        "description": language.join.join([description, in_words[1]]) if described and heard else description,
        "brand": traits.brand,
        "category": [language.name(part) for part in KINDS[kind].category],
        "price": _price(traits, rng),
        "currency": "EUR",
        "attributes": _attributes(traits, mentioned, rng, language) | {measured: measure},
        **_identity(number, traits, rng),
        "stats": _stats(traits, rng),
    }
    return DemoProduct(str(record["id"]), traits, photos, sounds, clips, record)


def _sounds_and_clips(traits: Traits, rng: np.random.Generator) -> tuple[int, int, bool]:
    """The numbers of recordings and clips, and whether the clip is the only medium."""
    recorded = int(rng.choice(3, p=(SOUNDLESS_SHARE, 1 - SOUNDLESS_SHARE - TWO_SOUNDS_SHARE, TWO_SOUNDS_SHARE)))
    filmed = rng.random() < CLIP_SHARE["sounding" if traits.timbre else "silent"]
    alone = filmed and rng.random() < CLIP_ONLY_SHARE
    return recorded if traits.timbre and not alone else 0, int(filmed), bool(alone)


def _timbre_word(traits: Traits, rng: np.random.Generator, language: Language, *, always: bool) -> str:
    """The word of the text for the timbre; empty if the text does not name it."""
    mentioned = rng.random() < TIMBRE_MENTIONED_SHARE or always
    return language.draw_word("timbre", traits.timbre, rng, synonyms=0.5) if traits.timbre and mentioned else ""


def _title(traits: Traits, mentioned: set[str], fact: str, rng: np.random.Generator, language: Language) -> str:
    noun, words = language.draw_noun(traits, sorted(mentioned), rng, synonyms=0.35, noun_synonyms=0.45)
    fact = f"{language.comma}{fact}" if rng.random() < 0.4 else ""
    title = _pick(language.titles, rng).format(
        brand=traits.brand,
        named=language.phrase(noun, words),
        listed=language.phrase(noun, words, listed=language.comma),
    )
    return capitalize(title + fact)


def _description(traits: Traits, mentioned: set[str], fact: str, rng: np.random.Generator, language: Language) -> str:
    """One to three sentences: the attributes that the title does not name, then praise, facts or distractions."""
    noun = language.draw_word("kind", traits.kind, rng, synonyms=0.5)
    sentences = []
    for name in sorted(mentioned):
        word = language.draw_word(name, getattr(traits, name), rng, synonyms=0.5, kind=traits.kind)
        sentences.append(fill(_pick(language.descriptions[name], rng), word=word, noun=noun))
    fillers = [
        _pick(language.praise, rng),
        fill(language.fact_sentence, fact=fact),
        _distraction(traits, rng, language),
    ]
    order = rng.permutation(len(fillers)).tolist()
    wanted = int(rng.integers(1, 4))
    sentences += [fillers[position] for position in order][: max(0, wanted - len(sentences))]
    return language.join.join(sentences)


def _distraction(traits: Traits, rng: np.random.Generator, language: Language) -> str:
    """A sentence about other things than the product."""
    colour = language.words["colour"][_pick(COLOURS, rng)][0]
    other = language.kinds[_pick(tuple(name for name in KINDS if name != traits.kind), rng)].nouns[0]
    thing = _pick(language.things, rng)
    return fill(_pick(language.distractions, rng), colour=colour, other=other, thing=thing)


def _attributes(traits: Traits, mentioned: set[str], rng: np.random.Generator, language: Language) -> dict[str, str]:
    fields = {language.name("warranty"): language.warranty.format(int(rng.integers(2, 6)))}
    names = [name for name in ("material", "use") if name in mentioned and rng.random() < 0.6]
    for name in [*names, *({"colour"} & mentioned)]:
        fields[language.name(name)] = language.label(name, getattr(traits, name))
    return fields


def _price(traits: Traits, rng: np.random.Generator) -> float:
    euros = KINDS[traits.kind].price * _PRICE_FACTOR[traits.band] * float(rng.lognormal(0, 0.13))
    return round(max(1.0, round(euros)) - (0.01 if rng.random() < 0.6 else 0.5), 2)


def _identity(number: int, traits: Traits, rng: np.random.Generator) -> dict[str, object]:
    """Model number, EAN (of the range 20 to 29, which is free for use inside a shop) and day of release."""
    digits = f"2{number:07d}{int(rng.integers(10_000)):04d}"
    check = -sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(digits)) % 10
    fields: dict[str, object] = {"released": (_LAST_DAY - timedelta(days=int(rng.integers(1500)))).isoformat()}
    if rng.random() < 0.6:
        fields["model"] = f"{traits.brand[:2].upper()}-{int(rng.integers(100, 1000))}"
    if rng.random() < 0.7:
        fields["ean"] = [f"{digits}{check}"]
    return fields


def _stats(traits: Traits, rng: np.random.Generator) -> dict[str, float]:
    """Statistics of shoppers' behaviour: they follow quality, with noise, and cheap products sell more often."""
    felt = traits.quality + float(rng.normal(0, 0.12))
    sales = rng.poisson(float(np.exp(1.2 + 2.4 * felt - 0.5 * PRICE_BANDS.index(traits.band) + rng.normal(0, 0.5))))
    return {
        "rating": round(float(np.clip(2.4 + 2.7 * felt, 1, 5)), 1),
        "rating_count": int(rng.poisson(1 + 6 * float(sales) ** 0.8)),
        "sales_30d": int(sales),
        "click_rate": round(float(np.clip(0.015 + 0.06 * felt + rng.normal(0, 0.008), 0.001, 0.2)), 4),
    }


def _pick(values: tuple[str, ...], rng: np.random.Generator) -> str:
    return values[int(rng.integers(len(values)))]
