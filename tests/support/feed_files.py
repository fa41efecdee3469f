"""Feeds in files of a test, and what they are read as."""
# ruff: noqa: RUF001 - prices have signs and apostrophes that look like others

import csv
import io
from datetime import date

from ltr_plugin.errors import ProblemLog
from ltr_plugin.feeds.convert import read_products
from ltr_plugin.feeds.feed import Feed
from ltr_plugin.feeds.mapping import NO_MAPPING, declared_types

TODAY = date(2026, 5, 1)

PRICES = {
    "12": (12, ""), "12.5": (12.5, ""), "12,50": (12.5, ""), "12,50 €": (12.5, "EUR"), "€ 5": (5, "EUR"),
    "19.99 EUR": (19.99, "EUR"), "19.99EUR": (19.99, "EUR"), "EUR12.5": (12.5, "EUR"), "1.299,00": (1299, ""),
    "1,299.00 USD": (1299, "USD"), "US$ 3": (3, "USD"), "$3.20": (3.2, "USD"), "£1,299.00": (1299, "GBP"),
    "1'299.00": (1299, ""), "1’299.50 CHF": (1299.5, "CHF"), "CHF 12.-": (12, "CHF"), "12.–": (12, ""),
    "5,–": (5, ""), "1 299,00 zł": (1299, "PLN"), "12 345,67 Kč": (12345.67, "CZK"), "1\u202f299,90 €": (1299.9, "EUR"),
    "1\u00a0299,90\u00a0EUR": (1299.9, "EUR"), "12,34,567.50 INR": (1234567.5, "INR"), "1,299,000": (1299000, ""),
    "¥1,299,000": (1299000, "JPY"), ".99": (0.99, ""), "0.999": (0.999, ""), "1299.000": (1299, ""), "-5": (-5, ""),
    "1 299": (1299, ""), "12.50 eur": (12.5, "EUR"), "Rs. 20.00": (20, "INR"),
}  # fmt: skip
"""Prices as feeds write them: the amount, and the currency."""

TEXTS = {
    "plain  text ": "plain text",
    "&amp;nbsp;x&nbsp;y": "x y",
    "&amp;lt;b&amp;gt;fat&amp;lt;/b&amp;gt;": "fat",
    "Caf&eacute; &#233; &#xE9;": "Café é é",
    "AT&T, R&D, 5 &copy 6": "AT&T, R&D, 5 &copy 6",
    "<p>Hi <b>you</b></p><ul><li>a<li>b</ul>": "Hi you\na\nb",
    "one<br>two<br/>three<BR />four": "one\ntwo\nthree\nfour",
    "<script>alert('x < y')</script>A<style>\n.a{}</style><!-- c -->B": "A B",
    "a < b > c <3 x<y and z>": "a < b > c <3 x<y and z>",
    "<o:p></o:p>Word<w:sdt id='1'>s</w:sdt>": "Words",
    "<td>1</td><td>2</td>": "1 2",
    "<![CDATA[in <i>here</i>]]>": "in here",
    "cafe\u0301": "café",
    "soft\u00adhyphen\u200b\ufeff": "softhyphen",
    "bell\x07, zero\x00": "bell, zero",
    "a\r\n\r\n  b\rc": "a\nb\nc",
    "narrow\u202fspace\u00a0here": "narrow space here",
    "<a href='https://x/y?a=1&amp;b=2'>link</a>": "link",
    "<svg><path d='M0'/></svg>drawn": "drawn",
    "": "",
}
"""Texts as feeds have them, and as products do."""


def rows(header, *lines, separator=","):
    """A table, with quotation marks where values need them; a line is a dict of some columns."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, delimiter=separator, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def read(path, content, form=None, mapping=NO_MAPPING, schema=None, update=False):
    """The products of a feed by id, or updates of them, and its problems as text."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    problems = ProblemLog(1000)
    feed = Feed.open(path, form, mapping, declared=declared_types(schema), update=update)
    products = list(read_products(feed, problems, schema=schema, today=TODAY, update=update))
    return {one["id"]: one for one in products}, [str(problem) for problem in problems]
