"""XML of feeds: both forms, odd entities, and documents that would fill the memory or read other files."""

import pytest

from ltr_plugin.errors import InputError, ProblemLog
from ltr_plugin.feeds.xml_items import PART, read_items

RSS = '<?xml version="1.0"?>\n<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title>\n'


def read(tmp_path, text):
    path = tmp_path / "feed.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    problems = ProblemLog()
    records = [(record.line, record.values) for record in read_items(path, problems)]
    return records, [str(problem) for problem in problems]


def test_rss_has_googles_values_before_its_own_and_repeated_ones(tmp_path):
    item = (
        "<item><title>plain</title><g:title>T &amp; &nbsp;x <![CDATA[<b>y</b>]]></g:title>\n<link>http://a</link>"
        "<g:additional_image_link>a</g:additional_image_link><g:additional_image_link>b</g:additional_image_link>"
        "<g:product_detail> <g:section_name>General</g:section_name><g:attribute_name>Type</g:attribute_name>"
        "<g:attribute_value>a:b</g:attribute_value></g:product_detail></item>"
    )
    records, problems = read(tmp_path, f"{RSS}{item}\n<item><g:id>2</g:id></item></channel></rss>")
    assert problems == []
    assert records == [
        (3, [("title", "T & \xa0x <b>y</b>"), ("link", "http://a"), ("additional_image_link", "a"),
             ("additional_image_link", "b"), ("product_detail", PART.join(("General", "Type", "a:b")))]),
        (5, [("id", "2")]),
    ]  # fmt: skip


def test_atom_has_its_address_as_an_attribute(tmp_path):
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title><entry>'
        '<id>tag:1</id><g:id>7</g:id><title>Ä</title><link href="http://x"/><summary>S</summary></entry></feed>'
    )
    expected = [("id", "7"), ("title", "Ä"), ("link", "http://x"), ("summary", "S")]
    assert read(tmp_path, atom) == ([(1, expected)], [])


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "iso-8859-1"])
def test_the_encoding_that_the_document_states_is_read(tmp_path, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><rss><item><id>Ä</id></item></rss>'
    assert read(tmp_path, text.encode(encoding)) == ([(1, [("id", "Ä")])], [])


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">',
        '<!ENTITY b SYSTEM "file:///etc/passwd">',
        '<!ENTITY % p SYSTEM "http://example.com/x.dtd"> %p;',
    ],
)
def test_entities_of_its_own_are_refused(tmp_path, declared):
    with pytest.raises(InputError, match="declares entities"):
        read(tmp_path, f"<!DOCTYPE rss [{declared}]>\n<rss><item><id>&b;</id></item></rss>")


def test_a_document_type_elsewhere_is_not_read(tmp_path):
    text = '<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd"><rss><item><id>1</id></item></rss>'
    assert read(tmp_path, text) == ([(1, [("id", "1")])], [])


def test_deep_nesting_is_refused(tmp_path):
    with pytest.raises(InputError, match="nested more than"):
        read(tmp_path, "<rss>" + "<a>" * 100)


def test_what_is_not_well_formed_ends_the_reading_and_is_named(tmp_path):
    records, problems = read(tmp_path, f"{RSS}<item><g:id>1</g:id></item>\n<item><g:title>a & b</g:title></item>")
    assert [line for line, _ in records] == [3]
    assert problems == ["line 4  is not well-formed XML (not well-formed (invalid token)); what follows is not read"]


def test_xml_without_items_is_no_feed(tmp_path):
    assert read(tmp_path, "<catalog/>")[1] == ["has no <item> and no <entry>: it is no feed of products in RSS or Atom"]
