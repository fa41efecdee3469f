import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shop_words import says

from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.photos import PHOTO_PX
from ltr_plugin.demo.products import DemoProduct, draw_product
from ltr_plugin.demo.queries import draw_queries, split_queries
from ltr_plugin.demo.shop import ShopFiles, generate_shop
from ltr_plugin.demo.traits import Traits
from ltr_plugin.errors import InputError

pytestmark = pytest.mark.slow

SIZE = 48


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def progress_seen() -> list[tuple[int, int | None]]:
    return []


@pytest.fixture(scope="module")
def shop(tmp_path_factory, progress_seen) -> ShopFiles:
    folder = tmp_path_factory.mktemp("demo") / "shop"
    return generate_shop(
        folder, products=SIZE, seed=3, progress=lambda done, total=None: progress_seen.append((done, total))
    )


@pytest.fixture(scope="module")
def products() -> list[DemoProduct]:
    kinds = list(KINDS)
    return [draw_product(n, kinds[n % len(kinds)], np.random.default_rng([5, n])) for n in range(800)]


def text_of(product: DemoProduct) -> str:
    record = product.record
    return " ".join([record["title"], record["description"], *record["attributes"].values()])


def share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


def test_same_seed_gives_the_same_files_and_another_seed_does_not(tmp_path, shop):
    again = generate_shop(tmp_path / "again", products=SIZE, seed=3)
    other = generate_shop(tmp_path / "other", products=len(KINDS), seed=4)

    names = [path.relative_to(shop.catalog.parent) for path in shop.catalog.parent.rglob("*") if path.is_file()]
    assert len(names) > SIZE
    for name in names:
        assert (again.catalog.parent / name).read_bytes() == (shop.catalog.parent / name).read_bytes()
    assert lines(other.catalog)[0] != lines(shop.catalog)[0]


def test_products_do_not_depend_on_the_order_of_sets():
    code = "import numpy; from ltr_plugin.demo.products import draw_product; from ltr_plugin.demo.kinds import KINDS\n"
    code += "print([draw_product(n, list(KINDS)[0], numpy.random.default_rng(n)) for n in range(5)])"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "12"
    }
    assert len(seen) == 1


def test_every_photo_named_exists_opens_and_none_is_left_over(shop):
    folder = shop.catalog.parent
    named = [path for record in lines(shop.catalog) for path in record["images"]]
    named += [record["image"] for record in lines(shop.queries) if "image" in record]
    for path in named:
        with Image.open(folder / path) as photo:
            photo.load()
            assert (photo.format, photo.mode, photo.size) == ("JPEG", "RGB", (PHOTO_PX, PHOTO_PX))
    assert sorted(named) == sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))


def test_progress_counts_every_media_file(shop, progress_seen):
    files = sum(path.suffix in {".jpg", ".wav", ".webm"} for path in shop.catalog.parent.rglob("*"))
    assert progress_seen == [(done, files) for done in range(1, files + 1)]


def test_catalog_records_are_complete_and_valid(shop):
    records = lines(shop.catalog)
    assert [record["id"] for record in records] == [f"p{number:05d}" for number in range(1, SIZE + 1)]
    for record in records:
        assert record["title"]
        assert record["price"] > 0
        assert 1 <= record["stats"]["rating"] <= 5
        for ean in record.get("ean", []):
            weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(ean))
            assert len(ean) == 13
            assert weighted % 10 == 0


def test_catalog_never_names_hidden_attributes(shop):
    for record in lines(shop.catalog):
        assert not {"kind", "quality", "band", "pattern", "shape", "timbre", "melody", "traits"} & {
            *record,
            *record["attributes"],
        }


def test_queries_have_the_parts_their_form_says(shop):
    parts = {
        "typed": {"id", "text"},
        "photo": {"id", "image"},
        "mixed": {"id", "text", "image"},
        "sound": {"id", "audio"},
        "soundmixed": {"id", "text", "audio"},
    }
    for query in lines(shop.queries):
        assert set(query) == parts[query["id"].split("-")[0]]


def test_query_texts_name_no_product(shop):
    for query in lines(shop.queries):
        assert not re.search(r"p\d{3,}|\d{8,}", query.get("text", ""))


def test_splits_are_disjoint_and_together_are_all_queries(shop):
    train, test = lines(shop.train_queries), lines(shop.test_queries)
    ids = {query["id"] for query in train}, {query["id"] for query in test}
    assert not ids[0] & ids[1]
    assert sorted([*train, *test], key=lambda q: q["id"]) == sorted(lines(shop.queries), key=lambda q: q["id"])


def test_split_keeps_the_share_of_each_form(products):
    counts = {"typed": 150, "photo": 90, "mixed": 90, "sound": 90, "soundmixed": 45}
    queries = draw_queries(products, counts, np.random.default_rng(1))
    train, test = split_queries(queries, 0.6, np.random.default_rng(2))
    count = {mode: sum(query.mode == mode for query in train) for mode in counts}
    assert count == {"typed": 90, "photo": 54, "mixed": 54, "sound": 54, "soundmixed": 27}
    assert len(train) + len(test) == sum(counts.values())


def test_typed_queries_are_all_different(products):
    queries = draw_queries(products, {"typed": 150}, np.random.default_rng(1))
    assert len({query.text for query in queries}) == 150


def test_judgments_are_trec_lines_about_known_queries_and_products(shop):
    known = {record["id"] for record in lines(shop.catalog)}
    judged: dict[str, list[int]] = {}
    for line in shop.qrels.read_text().splitlines():
        query, zero, product, grade = line.split()
        assert zero == "0"
        assert product in known
        judged.setdefault(query, []).append(int(grade))
    assert set(judged) == {query["id"] for query in lines(shop.queries)}
    for query in lines(shop.test_queries):
        assert max(judged[query["id"]]) >= 2
        assert 0 in judged[query["id"]]


def test_many_texts_leave_out_colour_and_pattern(products):
    def silent_about(attribute: str, some: list[DemoProduct], text=text_of) -> float:
        return share([not says(text(product), attribute, getattr(product.traits, attribute)) for product in some])

    patterned = [product for product in products if product.traits.pattern != "plain"]
    assert 0.5 < silent_about("colour", products, lambda product: product.record["title"]) < 0.7
    assert 0.4 < silent_about("colour", products) < 0.6
    assert 0.6 < silent_about("pattern", patterned) < 0.8


def test_products_that_nothing_shows_tell_colour_and_pattern_in_words(products):
    photoless = [product for product in products if product.photos == product.clips == 0]
    assert 0.06 < len(photoless) / len(products) < 0.12
    for product in photoless:
        assert says(text_of(product), "colour", product.traits.colour)
        assert says(text_of(product), "pattern", product.traits.pattern)


def test_behaviour_follows_quality_with_noise(products):
    quality = [product.traits.quality for product in products]
    for name in ("rating", "click_rate", "sales_30d"):
        seen = [product.record["stats"][name] for product in products]
        assert 0.3 < np.corrcoef(quality, seen)[0, 1] < 0.95


def test_mixed_queries_show_and_say_together_what_is_wanted(products):
    for query in draw_queries(products, {"mixed": 60}, np.random.default_rng(4)):
        shown, attributes = query.photo_traits, query.intent.attributes
        assert isinstance(shown, Traits)
        wrong = [name for name, value in attributes.items() if getattr(shown, name) != value]
        assert wrong in ([], ["colour"], ["pattern"])
        said = wrong or [name for name in attributes if name not in {"colour", "pattern", "shape"}]
        assert len(said) == 1
        assert says(query.text, said[0], attributes[said[0]])


def test_folder_of_somebody_else_is_refused_and_an_older_shop_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "catalog.jsonl").write_text('{"id": "1", "title": "my own product"}')
    with pytest.raises(InputError, match="holds no generated shop"):
        generate_shop(tmp_path / "mine", products=len(KINDS))
    assert "my own" in (tmp_path / "mine" / "catalog.jsonl").read_text()

    old = generate_shop(tmp_path / "shop", products=len(KINDS), seed=1).catalog.read_bytes()
    new = generate_shop(tmp_path / "shop", products=len(KINDS), seed=2).catalog.read_bytes()
    assert old != new
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "shop"]


def test_fewer_products_than_kinds_are_refused(tmp_path):
    with pytest.raises(InputError, match=f"at least {len(KINDS)}"):
        generate_shop(tmp_path / "shop", products=3)
