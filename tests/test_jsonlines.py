import gzip

import pytest

from ltr_plugin.catalog.changes import CatalogEntry, ProductUpdateModel
from ltr_plugin.catalog.product import Product
from ltr_plugin.errors import MAX_REPORTED, InputError
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.queries.query import Query

VALID = '{"id": "a", "title": "red shoe"}\n\n{"id": "b", "images": ["b.jpg"]}\n'
INVALID = (
    VALID + '{"id": "c"}\n{"id": "a", "title": "again"}\n{"id": "d", "title": \n{"id": "e", "title": "x", "prize": 3}\n'
)


def test_products_are_read_in_order_without_blank_lines(tmp_path):
    path = tmp_path / "catalog.jsonl"
    path.write_text(VALID)
    assert [product.id for product in JsonLines(path, Product).read()] == ["a", "b"]


@pytest.mark.parametrize(("name", "pack"), [("catalog.jsonl", gzip.compress), ("catalog.jsonl.gz", bytes)])
def test_gzip_is_known_by_its_content(tmp_path, name, pack):
    path = tmp_path / name
    path.write_bytes(pack(VALID.encode()))
    assert [product.id for product in JsonLines(path, Product).read()] == ["a", "b"]


@pytest.mark.parametrize("written", [VALID, VALID.replace("\n", "\r\n")], ids=["LF", "CRLF"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("type_", [Product, CatalogEntry, ProductUpdateModel, Query])
def test_a_byte_order_mark_and_other_line_ends_belong_to_no_item(tmp_path, written, pack, type_):
    path = tmp_path / "catalog.jsonl"
    text = written.replace('"title": "red shoe"', '"text": "red shoe"').replace('"images": ["b.jpg"]', '"text": "b"')
    path.write_bytes(pack(b"\xef\xbb\xbf" + (text if type_ is Query else written).encode()))
    assert [one.id for one in JsonLines(path, type_).read()] == ["a", "b"]


def test_every_problem_is_listed_before_the_first_item(tmp_path):
    path = tmp_path / "catalog.jsonl"
    path.write_text(INVALID)
    with pytest.raises(InputError) as raised:
        JsonLines(path, Product).read()
    found = {problem.location: problem.message for problem in raised.value.problems}
    assert found["line 4 $"] == "a product needs a title or at least one of images, audio, video"
    assert found["line 5 $.id"] == "'a' is the id of line 1 too"
    assert "EOF" in found["line 6 $"]
    assert found["line 7 $.prize"].startswith("unknown key; correct its name")
    assert found["line 7 $.prize"].endswith("`fields: [{name: prize, type: number}]`")


def test_invalid_lines_are_skipped_when_asked(tmp_path):
    path = tmp_path / "catalog.jsonl"
    path.write_text(INVALID)
    assert [product.id for product in JsonLines(path, Product).read(skip_invalid=True)] == ["a", "b"]


def test_a_wholly_invalid_file_lists_the_first_problems_and_counts_the_rest(tmp_path):
    path = tmp_path / "catalog.jsonl"
    path.write_text("nonsense\n" * (MAX_REPORTED + 7))
    with pytest.raises(InputError) as raised:
        JsonLines(path, Product).read()
    assert len(raised.value.problems) == MAX_REPORTED + 1
    assert raised.value.problems[-1].message == "and 7 more"


def test_an_absent_file_says_so(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        JsonLines(tmp_path / "none.jsonl", Product).check()


def test_a_cut_gzip_file_says_so(tmp_path):
    path = tmp_path / "catalog.jsonl.gz"
    path.write_bytes(gzip.compress(VALID.encode() * 100)[:-20])
    with pytest.raises(InputError, match="damaged gzip file"):
        JsonLines(path, Product).check()
