"""Files of synonyms and of words that compounds are made of; an entry a line, comments after `#`.

Synonyms have Solr's form: `sofa, couch`, or `tv, telly => television`.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from ltr_plugin.catalog.compounds import MAX_PARTS
from ltr_plugin.errors import InputError, Problem, counted
from ltr_plugin.files import read_text
from ltr_plugin.unicode import nfc
from ltr_plugin.validation import shorten

MAX_RULES, MAX_RULE_WORDS = 10_000, 24
"""Rules of an index, and words that a rule, or all rules of one term, may put in place of a term: a text is cut after
32 words, its synonyms counted."""

_SEPARATOR, _ARROW = re.compile(r"(?<!\\),"), re.compile(r"(?<!\\)=>")
_WORD = re.compile(r"\w")


def read_synonyms(path: Path) -> dict[str, str]:
    """The rules of a file by their place, such as `line 3`, in NFC; InputError lists all mistakes with their places."""
    return checked_synonyms({f"line {number}": line for number, line in enumerate(read_lines(path), 1)}, str(path))


def read_lines(path: Path) -> list[str]:
    """The lines of a text file in NFC; InputError for one that cannot be read, or is not UTF-8."""
    try:
        return nfc(read_text(path).decode()).splitlines()
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8 at byte {error.start}; save it as UTF-8") from None


def checked_synonyms(lines: Mapping[str, str], source: str) -> dict[str, str]:
    """The rules among lines of such a file by their places; InputError lists all that is wrong."""
    rules: dict[str, str] = {}
    problems: list[Problem] = []
    words: defaultdict[str, int] = defaultdict(int)
    for place, line in lines.items():
        rule = nfc(line).strip()
        if not rule or rule.startswith("#"):
            continue
        rules[place] = rule
        try:
            sides = _sides(rule)
            added = sum(len(term.split()) for term in sides[-1])
            for term in sides[0]:
                words[term.casefold()] += added
                if words[term.casefold()] > MAX_RULE_WORDS:
                    raise ValueError(f"{shorten(term)} stands for more than {MAX_RULE_WORDS} words; leave some out")
        except ValueError as error:
            problems.append(Problem(place, str(error)))
    if len(rules) > MAX_RULES:
        problems.append(Problem("", f"has {counted(len(rules), 'rule')}; an index takes {MAX_RULES:,}"))
    if problems:
        raise InputError(source, problems)
    return rules


def read_compound_words(path: Path) -> tuple[str, ...]:
    """The words of a file, in NFC; InputError lists all mistakes with the numbers of their lines."""
    words, problems = [], []
    for number, line in enumerate(read_lines(path), 1):
        word = line.strip()
        if word and not word.startswith("#"):
            words.append(word)
            if not word.isalpha():
                problems.append(Problem(f"line {number}", f"{shorten(word)} is no word; write one word a line"))
    if len(words) > MAX_PARTS:
        problems.append(Problem("", f"has {counted(len(words), 'word')}; an index takes {MAX_PARTS:,}"))
    if problems:
        raise InputError(str(path), problems)
    return tuple(words)


def _sides(rule: str) -> list[list[str]]:
    """The terms of a rule, on both sides of `=>` or on its only side; ValueError for a rule that means nothing."""
    sides = [[term.strip() for term in _SEPARATOR.split(side)] for side in _ARROW.split(rule)]
    if len(sides) > 2:
        raise ValueError("has `=>` twice; write one rule a line")
    for side in sides:
        for term in side:
            if not term:
                raise ValueError("a term is missing beside `=>` or a comma; write `sofa, couch`")
            if not _WORD.search(term):
                raise ValueError(f"{shorten(term)} has no letter and no digit, so no search has it")
    if len(sides) == 1 and len(sides[0]) < 2:
        raise ValueError(f"{shorten(rule)} is a term alone; write it with its synonyms, such as `sofa, couch`")
    if twice := next((term for side in sides for term in side if side.count(term) > 1), None):
        raise ValueError(f"has {shorten(twice)} twice; leave one out")
    return sides
