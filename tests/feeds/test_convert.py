"""A feed into a catalog file: complete or not at all, in bounded memory, with all of its mistakes."""

import gzip
import json
import tracemalloc

import pytest
from feed_files import TODAY, read

from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.errors import InputError
from ltr_plugin.feeds.convert import check_feed, convert_feed
from ltr_plugin.feeds.feed import Feed
from ltr_plugin.feeds.mapping import FeedMapping
from ltr_plugin.feeds.seen import SeenTexts

GOOD = "id,title,price\n1,a,2.50\n2,b,3\n"
WRONG = f"{GOOD}3,c,many\n1,d,4\n5,\n"


def feed(folder, text):
    path = folder / "feed.csv"
    path.write_text(text)
    return Feed.open(path)


@pytest.mark.parametrize("name", ["catalog.jsonl", "catalog.jsonl.gz"])
def test_products_are_written_as_lines(tmp_path, name):
    done = convert_feed(feed(tmp_path, GOOD), tmp_path / name)
    assert (done.products, done.hidden.total(), len(done.problems)) == (2, 0, 0)
    data = (tmp_path / name).read_bytes()
    lines = (gzip.decompress(data) if name.endswith(".gz") else data).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": "1", "title": "a", "price": 2.5}, {"id": "2", "title": "b", "price": 3.0},
    ]  # fmt: skip


def test_a_wrong_feed_changes_nothing_and_lists_every_mistake(tmp_path):
    out = tmp_path / "catalog.jsonl"
    out.write_text("before")
    with pytest.raises(InputError) as error:
        convert_feed(feed(tmp_path, WRONG), out)
    assert [problem.location for problem in error.value.problems] == [
        'line 4, column "price"', 'line 5, column "id"', "line 6",
    ]  # fmt: skip
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalog.jsonl", "feed.csv"]


def test_wrong_lines_can_be_skipped(tmp_path):
    out = tmp_path / "catalog.jsonl"
    done = convert_feed(feed(tmp_path, WRONG), out, skip_invalid=True)
    assert (done.products, len(done.problems)) == (2, 3)
    assert len(out.read_text().splitlines()) == 2


def test_a_check_counts_and_lists(tmp_path):
    done = check_feed(feed(tmp_path, WRONG), limit=1, today=TODAY)
    assert done.products == 2
    assert list(map(str, done.problems))[1:] == ["…  and 2 more"]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        convert_feed(feed(tmp_path, GOOD), tmp_path / "no folder" / "catalog.jsonl")


def test_declared_fields_have_their_types(tmp_path):
    columns = {"id": "id", "title": "title", "Jahr": "vintage", "gruppe": "group", "maß": "variants.size"}
    mapping = FeedMapping(version=1, columns=columns)
    types = {"vintage": "number", "organic": "boolean", "variants.size": "keyword"}
    schema = CatalogSchema(fields=tuple({"name": name, "type": type_} for name, type_ in types.items()))
    text = "id,title,Jahr,Organic,gruppe,maß\n1,a,2019,ja,,\n2,b,alt,ja,,\n3,c,2018,nein,G,S\n4,d,2019,nein,G,M\n"
    found, problems = read(tmp_path / "a.csv", text, mapping=mapping, schema=schema)
    assert found["1"] == {"id": "1", "title": "a", "vintage": 2019, "organic": True}
    assert found["G"]["vintage"] == [2018, 2019]
    assert found["G"]["organic"] is False
    assert [(one["id"], one["size"]) for one in found["G"]["variants"]] == [("3", "S"), ("4", "M")]
    assert problems == ["line 3, column \"Jahr\"  'alt' is no number"]
    _, problems = read(tmp_path / "a.csv", text, mapping=mapping)
    assert problems[0].startswith("line 2, column \"Jahr\"  'vintage' is no part of a product and no declared field")


def test_seen_texts_are_found_again_with_their_numbers():
    seen = SeenTexts()
    assert [seen.add(f"id-{number}", number) for number in range(20_000)] == [None] * 20_000
    assert [seen.add(f"id-{number}", 0) for number in range(20_000)] == list(range(20_000))
    assert seen.get("id-7") == 7
    assert seen.get("other") is None


@pytest.mark.slow
@pytest.mark.parametrize("header", ["id,title,price,x", "id,title,price,item_group_id"])
def test_memory_does_not_grow_with_the_feed(tmp_path, header):
    def peak(lines):
        text = "\n".join(f"{number},a,1,g{number % (lines // 2)}" for number in range(lines))
        opened = feed(tmp_path, f"{header}\n{text}\n")
        tracemalloc.start()
        convert_feed(opened, tmp_path / "out.jsonl")
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    small, large = peak(2_000), peak(8_000)
    assert large < small + 3_000_000


def test_products_that_the_shop_hides_are_counted_by_why_it_does(tmp_path):
    path = tmp_path / "p.csv"
    lines = ("a,A,draft,", "b,B,archived,", "c,C,active,FALSE", "d,D,Archived,", "e,E,active,TRUE")
    path.write_text("\n".join(("Handle,Title,Status,Published", *lines)) + "\n")
    done = check_feed(Feed.open(path, "shopify"), 10)
    assert (done.products, done.hidden) == (1, {"archived": 2, "draft": 1, "not published": 1})
    path.write_text("ID,Type,SKU,Name,Published,Visibility in catalog\n1,simple,a,A,-1,\n2,simple,b,B,1,hidden\n")
    assert check_feed(Feed.open(path, "woocommerce"), 10).hidden == {"draft": 1, "hidden in the catalog": 1}
