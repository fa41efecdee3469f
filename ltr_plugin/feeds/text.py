"""Plain text of what feeds hold: entities decoded, tags dropped, one form of Unicode."""

import html
import re

from ltr_plugin.unicode import nfc

MAX_DECODED = 3
"""How often a text is decoded: some exports encode entities two times, such as `&amp;nbsp;`."""

_ELEMENTS = (
    "a|abbr|acronym|address|area|article|aside|audio|b|base|bdi|bdo|big|blockquote|body|br|button|canvas|caption|"
    "center|cite|code|col|colgroup|data|dd|del|details|dfn|dialog|dir|div|dl|dt|em|embed|fieldset|figcaption|"
    "figure|font|footer|form|frame|frameset|h1|h2|h3|h4|h5|h6|head|header|hgroup|hr|html|i|iframe|img|input|ins|"
    "kbd|label|legend|li|link|main|map|mark|meta|meter|nav|noframes|noscript|object|ol|optgroup|option|output|p|"
    "param|picture|pre|progress|q|rp|rt|ruby|s|samp|script|section|select|small|source|span|strike|strong|style|"
    "sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|var|video|"
    "wbr"
)

_BREAKS = (
    "address|article|aside|blockquote|br|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|"
    "form|h1|h2|h3|h4|h5|h6|header|hr|legend|li|main|nav|ol|option|p|pre|section|summary|table|tbody|tfoot|thead|"
    "tr|ul"
)

_WHOLE = re.compile(r"<!--.*?-->|<(script|style|head|template|svg)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
"""Parts of a page that are no text, and go with what is in them."""

_BREAK = re.compile(rf"</?(?:{_BREAKS})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_CELL = re.compile(r"</?(?:td|th)(?=[\s/>])[^<>]*>", re.IGNORECASE)
_TAG = re.compile(rf"</?(?:{_ELEMENTS}|[a-z]\w*[:-][\w:-]+)(?=[\s/>])[^<>]*>|<!doctype[^>]*>", re.IGNORECASE)
"""A tag of HTML, or of another namespace such as `<o:p>`; `a < b` and `<3` are text."""

_MARKED_TEXT = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
"""Control characters, soft hyphens, spaces of no width, byte-order marks, halves of characters."""

_LINES = re.compile(r"[^\S\n]*\n\s*")
_BLANKS = re.compile(r"[^\S\n]+")


def clean_text(text: str) -> str:
    """The text without tags, entities and invisible characters, in NFC; block elements become line breaks.

    `<script>`, `<style>` and comments go with their content.
    """
    if "&" not in text and "<" not in text and text.isprintable():  # most values are one plain line
        return " ".join(nfc(text).split())
    for _ in range(MAX_DECODED):
        if "&" not in text or (decoded := _ENTITY.sub(lambda match: html.unescape(match[0]), text)) == text:
            break
        text = decoded
    if "<" in text:
        text = _MARKED_TEXT.sub(r"\1", text)
        text = _WHOLE.sub(" ", text)
        text = _TAG.sub("", _CELL.sub(" ", _BREAK.sub("\n", text)))
    text = _INVISIBLE.sub("", nfc(text))
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return _BLANKS.sub(" ", _LINES.sub("\n", text)).strip()


def clean_line(text: str) -> str:
    """The same in one line, as titles and names are."""
    return " ".join(clean_text(text).split())


def clean_reference(text: str) -> str:
    """A URL or path as a product may have it: trimmed, `&amp;` decoded, with a scheme, with `/` between folders."""
    text = (text if text.isprintable() else _INVISIBLE.sub("", text)).strip().replace("&amp;", "&")
    if text.startswith("//"):
        return f"https:{text}"
    if "\\" in text and "://" not in text:
        text = text.replace("\\", "/")
    return text
