"""Did you mean: a text with words that the index has."""

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.search import multi_search
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.query_understanding.fields import unnested_fields, words_of
from ltr_plugin.profile.word_fields import index_analyzer
from ltr_plugin.queries.spelling import (
    Correction,
    corrections,
    fragments_of,
    likelihood,
    together_request,
    words_request,
)
from ltr_plugin.queries.suggesting import typed_words

MAX_FIELDS = 5
"""Text fields whose words corrections are of, those of the greatest boosts."""


def corrected_text(index: Index, text: str, language: str | None = None) -> str | None:
    """The text with words of the index for those that no product has; None where nothing better is known.

    A product has all words of the corrected text, or else one of those that are corrected. Words of less than four
    letters and those with digits stay as they are. `language` is the code of one of the profile's, by default the
    first. InputError for another one; ClusterError when the cluster cannot answer.
    """
    if reason := index.profile.language_problem(language):
        raise InputError("spelling", f"language: {reason}")
    profile, mapped = index.profile.in_language(language), unnested_fields(index)
    searched = [path for path in profile.boosts if path in mapped]
    best = sorted(searched, key=lambda path: -profile.boosts[path])
    title = [path for path in (profile.product.title,) if path in mapped and path]
    shown = words_of(index, [*title, *best], mapped)[:MAX_FIELDS]
    if not (shown and typed_words(text)):
        return None
    searched = list(dict.fromkeys((*searched, *shown)))
    analyzers = {path: _analyzer(index, index_analyzer(mapped[path])) for path in shown}
    (response,) = multi_search(index, [words_request(text, analyzers, searched)])
    likely = corrections(text, response)
    if not likely:
        return None
    responses = multi_search(index, [together_request(one, searched, shown) for one in likely])
    rated = [
        (likelihood(together["hits"]["total"]["value"], one.edits), one.with_words_of(fragments_of(together)))
        for one, together in zip(likely, responses, strict=True)
        if together["hits"]["total"]["value"]
    ]
    if rated:
        return max(rated, key=lambda pair: pair[0])[1].text
    return _apart(index, likely[0], searched, list(shown))


def _apart(index: Index, correction: Correction, searched: list[str], shown: list[str]) -> str:
    """A correction whose words are not together in any product, with the words as products write them."""
    words = [Correction((correction.parts[at],), (0,), 0) for at in correction.changed]
    responses = multi_search(index, [together_request(one, searched, shown) for one in words])
    parts = list(correction.parts)
    for at, one, response in zip(correction.changed, words, responses, strict=True):
        parts[at] = one.with_words_of(fragments_of(response)).text
    return "".join(parts)


def _analyzer(index: Index, name: str) -> str:
    """The name by which a search may call an analyzer: an index may have no `default`."""
    own = index.settings.get("analysis", {}).get("analyzer", {})
    return "standard" if name == "default" and name not in own else name
