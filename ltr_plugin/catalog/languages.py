"""Languages of text: how the cluster cuts it into words, folds them, and brings their forms together.

The chain of a language is that of its analyzer in Lucene, without stop words, and with ASCII folding, so that `creme`
finds `crème`. Light stemmers are taken where there are any: they bring singular and plural together, and little else.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ltr_plugin.unicode import without_accents

Filter = str | Mapping[str, Any]
"""A filter of the cluster by its name, or with settings."""


@dataclass(frozen=True)
class Plugin:
    """A better analysis that a plugin of the cluster has: its tokenizer and filters, in place of the language's."""

    name: str
    tokenizer: Filter = "standard"
    filters: tuple[Filter, ...] = ("lowercase", "asciifolding")
    stemmers: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class Language:
    """How text of a language is analyzed: `characters` are replaced, `tokenizer` cuts it, `before` comes before lower
    case, `normalization` after it, then ASCII folding and the `stemmer`.

    `stems_accents`: the stemmer needs accents, so that words are folded after it. `bigrams`: words have no blanks
    between them, and are indexed as pairs of characters. `compounds`: words are written together, as in `Regenjacke`.
    """

    stemmer: str | None = None
    normalization: tuple[str, ...] = ()
    before: tuple[Filter, ...] = ()
    characters: tuple[str, ...] = ()
    tokenizer: str = "standard"
    lowercase: str | None = None
    stems_accents: bool = False
    bigrams: bool = False
    compounds: bool = False
    plugin: Plugin | None = None

    @property
    def plain(self) -> bool:
        """Whether the cluster has no analysis of its own for it."""
        return self == Language(plugin=self.plugin)


def _elision(articles: str) -> tuple[Filter, ...]:
    return ({"type": "elision", "articles": articles.split(), "articles_case": True},)


_INDIC = ("decimal_digit", "indic_normalization")
ICU = "analysis-icu"
"""The plugin of the cluster that cuts and folds text of any script."""

_ICU = Plugin(ICU, "icu_tokenizer", ("icu_folding",))
_JAPANESE = Plugin(
    "analysis-kuromoji",
    {"type": "kuromoji_tokenizer", "mode": "search"},
    ("kuromoji_baseform", "cjk_width", "lowercase", "asciifolding"),
    ("kuromoji_stemmer",),
)
_KOREAN = Plugin("analysis-nori", "nori_tokenizer", ("nori_part_of_speech", "nori_readingform", "lowercase"))
_CHINESE = Plugin("analysis-smartcn", "smartcn_tokenizer", ("cjk_width", "lowercase", "asciifolding"))
_POLISH = Plugin("analysis-stempel", stemmers=("polish_stem",))

ENGLISH = "english"

LANGUAGES: Mapping[str, Language] = {
    "arabic": Language("arabic", ("decimal_digit", "arabic_normalization")),
    "armenian": Language("armenian"),
    "basque": Language("basque"),
    "bengali": Language("bengali", (*_INDIC, "bengali_normalization")),
    "brazilian": Language("brazilian"),
    "bulgarian": Language("bulgarian"),
    "catalan": Language("catalan", before=_elision("d l m n s t")),
    "chinese": Language(bigrams=True, plugin=_CHINESE),
    "cjk": Language(bigrams=True),
    "croatian": Language(),
    "czech": Language("czech", stems_accents=True),
    "danish": Language("danish", ("scandinavian_folding",), compounds=True),
    "dutch": Language("dutch", compounds=True),
    ENGLISH: Language(ENGLISH),
    "estonian": Language("estonian"),
    "finnish": Language("light_finnish", compounds=True),
    "french": Language("light_french", before=_elision("l m t qu n s j d c jusqu quoiqu lorsqu puisqu")),
    "galician": Language("galician", stems_accents=True),
    "german": Language("light_german", ("german_normalization",), compounds=True),
    "greek": Language("greek", lowercase="greek"),
    "hebrew": Language(plugin=_ICU),
    "hindi": Language("hindi", (*_INDIC, "hindi_normalization")),
    "hungarian": Language("light_hungarian", compounds=True),
    "indonesian": Language("indonesian"),
    "irish": Language("irish", before=_elision("d m b"), lowercase="irish"),
    "italian": Language(
        "light_italian",
        before=_elision("c l all dall dell nell sull coll pell gl agl dagl degl negl sugl un m t s v d"),
    ),
    "japanese": Language(bigrams=True, plugin=_JAPANESE),
    "khmer": Language(plugin=_ICU),
    "korean": Language(bigrams=True, plugin=_KOREAN),
    "lao": Language(plugin=_ICU),
    "latvian": Language("latvian"),
    "lithuanian": Language("lithuanian"),
    "malay": Language(),
    "nepali": Language("nepali", _INDIC),
    "norwegian": Language("light_norwegian", ("scandinavian_folding",), compounds=True),
    "persian": Language(
        "persian", ("decimal_digit", "arabic_normalization", "persian_normalization"), characters=("\\u200c=>\\u0020",)
    ),
    "polish": Language(plugin=_POLISH),
    "portuguese": Language("light_portuguese", stems_accents=True),
    "romanian": Language("romanian"),
    "russian": Language("light_russian", characters=("\\u0451=>\\u0435", "\\u0401=>\\u0415")),
    "serbian": Language("serbian", ("serbian_normalization",)),
    "slovak": Language(),
    "slovenian": Language(),
    "sorani": Language("sorani", ("decimal_digit", "sorani_normalization")),
    "spanish": Language("light_spanish"),
    "swedish": Language("light_swedish", ("scandinavian_folding",), compounds=True),
    "tamil": Language("tamil", _INDIC),
    "thai": Language(None, ("decimal_digit",), tokenizer="thai"),
    "turkish": Language("turkish", before=("apostrophe",), lowercase="turkish"),
    "ukrainian": Language(),
    "vietnamese": Language(),
}
"""The languages by name; `cjk` is Chinese, Japanese and Korean mixed, `brazilian` the Portuguese of Brazil."""


OTHER_NAMES: Mapping[str, str] = {
    "arabic": "ar ara العربية", "armenian": "hy hye arm հայերեն", "basque": "eu eus baq euskara",
    "bengali": "bn ben bangla বাংলা", "bulgarian": "bg bul български", "catalan": "ca cat català valencian",
    "chinese": "zh zho chi mandarin cantonese 中文 汉语 漢語 普通话", "croatian": "hr hrv hrvatski",
    "czech": "cs ces cze čeština česky", "danish": "da dan dansk", "dutch": "nl nld dut nederlands vlaams flemish",
    "english": "en eng", "estonian": "et est eesti", "finnish": "fi fin suomi",
    "french": "fr fra fre français", "galician": "gl glg galego", "german": "de deu ger deutsch",
    "greek": "el ell gre ελληνικά", "hebrew": "he heb iw עברית", "hindi": "hi hin हिन्दी हिंदी",
    "hungarian": "hu hun magyar", "indonesian": "id ind bahasa", "irish": "ga gle gaeilge gaelic",
    "italian": "it ita italiano", "japanese": "ja jpn jp 日本語", "khmer": "km khm ខ្មែរ cambodian",
    "korean": "ko kor 한국어 조선말", "lao": "lo ລາວ laotian", "latvian": "lv lav latviešu",
    "lithuanian": "lt lit lietuvių", "malay": "ms msa may melayu", "nepali": "ne nep नेपाली",
    "norwegian": "no nor nb nob nn nno norsk bokmål nynorsk", "persian": "fa fas per farsi فارسی",
    "polish": "pl pol polski", "portuguese": "pt por português", "romanian": "ro ron rum română",
    "russian": "ru rus русский", "serbian": "sr srp српски srpski", "slovak": "sk slk slo slovenčina slovensky",
    "slovenian": "sl slv slovenščina slovene", "sorani": "ckb kurdish ku kur کوردی",
    "spanish": "es spa español castellano castilian", "swedish": "sv swe svenska", "tamil": "ta tam தமிழ்",
    "thai": "th tha ไทย ภาษาไทย", "turkish": "tr tur türkçe", "ukrainian": "uk ukr українська",
    "vietnamese": "vi vie việt",
}  # fmt: skip
"""What else languages are called, by their names: codes of ISO 639 and the words of their speakers, for messages."""

_ALIKE = 0.8
"""How like a name a mistyped one is, at least, as `difflib` measures it."""


def require_language(name: str) -> str:
    """The name, if it is one of LANGUAGES; else ValueError with the nearest names."""
    if name in LANGUAGES:
        return name
    known = {_folded(other): language for language, others in OTHER_NAMES.items() for other in others.split()}
    known |= {language: language for language in LANGUAGES}
    words = [word for word in re.split(r"[-_\s]+", _folded(name)) if word]
    meant = [known[word] for word in words if word in known]
    alike = difflib.get_close_matches(_folded(name), known, n=3, cutoff=_ALIKE)
    near = dict.fromkeys(meant[:1] or (known[one] for one in alike)) or LANGUAGES
    raise ValueError(f"{name!r} is no language; choose {_either(near)}")


def _folded(name: str) -> str:
    """The name in lower case and without accents."""
    return without_accents(name.casefold())


def _either(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
