"""Names of columns and options as declared fields may have them: in small letters a to z, digits and `_`."""
# ruff: noqa: RUF001 - names have letters that look like others

import re
from functools import lru_cache

from ltr_plugin.unicode import nfc, without_accents

_NO_LETTERS = re.compile(r"\W+")
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe", "þ": "th"})
_ONE_LETTER = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "þ": "th", "ł": "l", "đ": "d", "ð": "d", "ı": "i"})


@lru_cache(maxsize=10_000)
def plain_names(name: str) -> tuple[str, ...]:
    """What a field for this name may be called: `groesse` and `grosse` for `Größe`; without letters of Latin, one."""
    small = nfc(name).casefold()
    forms = (without_accents(form.translate(_ONE_LETTER)) for form in (small.translate(_TWO_LETTERS), small))
    return tuple(dict.fromkeys(_NO_LETTERS.sub("_", form).strip("_") for form in forms))
