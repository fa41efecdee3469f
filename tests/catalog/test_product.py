import pytest
from pydantic import ValidationError

from ltr_plugin.catalog.changes import ProductUpdateModel
from ltr_plugin.catalog.media import content_hashes, resolve_media_path
from ltr_plugin.catalog.product import Product, read_leniently
from ltr_plugin.catalog.product_types import LearnedProduct
from ltr_plugin.errors import InputError, MediaError
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.validation import decode


def test_attributes_fold_into_words():
    product = Product(id="a", title="t", attributes={"wi_fi": True, "weight": 3460.0, "ports": ("usb", "hdmi")})
    assert product.attribute_text() == "wi fi: true\nweight: 3460\nports: usb, hdmi"


def test_the_brand_leads_the_embedded_text_unless_the_title_says_it():
    assert Product(id="a", title="Runner 3", brand="Nyk", category=("Shoes",)).embedding_text() == "Nyk Runner 3. Shoes"
    assert Product(id="a", title="nyk Runner", brand="Nyk").embedding_text() == "nyk Runner"


def test_a_price_changes_no_content_hash_and_a_new_photo_changes_its_own(tmp_path):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"one")
    product = Product(id="a", title="t", price=3, images=("a.jpg",))
    before = content_hashes(product, tmp_path)
    assert set(before) == {"text", "image"}
    assert content_hashes(product.model_copy(update={"price": 4.0}), tmp_path) == before
    photo.write_bytes(b"three")
    after = content_hashes(product, tmp_path)
    assert after["text"] == before["text"]
    assert after["image"] != before["image"]


def test_media_outside_the_catalog_are_refused(tmp_path):
    with pytest.raises(MediaError, match="is outside"):
        resolve_media_path(tmp_path, "../secret.jpg")


def test_a_product_larger_than_a_line_of_a_catalog_is_refused_however_it_arrives():
    text = "word " * 900_000
    for fields in ({"description": text}, {"attributes": {"a": text}}, {"attributes": {"a": [text]}}):
        with pytest.raises(ValidationError, match="the product has 4,500"):
            Product(id="1", title="Mug", **fields)
    with pytest.raises(ValidationError, match="the product has 4,500"):  # bytes, which are three for a character
        Product(id="1", title="语" * 1_500_000)
    with pytest.raises(InputError, match="shorten it"):
        ProductUpdateModel(id="1", description=text[:3_000_000]).apply_to({"id": "1", "title": text[:3_000_000]})
    assert read_leniently({"id": "1", "title": text}).title == text.strip()


def test_a_review_is_a_text_a_rating_or_both():
    product = Product(id="1", title="Mug", reviews=["Sturdy ", {"rating": 4}, {"text": "Leaks", "rating": 1.5}])
    assert [(one.text, one.rating) for one in product.reviews] == [("Sturdy", None), ("", 4), ("Leaks", 1.5)]
    patch = ProductUpdateModel.model_validate({"id": "1", "reviews": ["Loved"]})
    assert [one.text for one in patch.apply_to(product.model_dump(mode="json")).reviews] == ["Loved"]


@pytest.mark.parametrize(
    ("reviews", "place", "reason"),
    [
        ("Sturdy", "$.reviews", "a list"),
        ([""], "$.reviews[0]", "needs a text or a rating"),
        ([{}], "$.reviews[0]", "needs a text or a rating"),
        ([3], "$.reviews[0]", "3 is no review; write a text"),
        (["a" * 10_001], "$.reviews[0].text", "10000 characters"),
        ([{"rating": "5"}], "$.reviews[0].rating", "number"),
        ([{"rating": 1e39}], "$.reviews[0].rating", "outside of what the index keeps"),
        ([{"txt": "Sturdy"}], "$.reviews[0].txt", "unknown key; remove it or correct its name"),
        (["Sturdy"] * 1001, "$.reviews", "more than 1,000 entries"),
    ],
)
def test_wrong_reviews_are_refused_with_their_place(reviews, place, reason):
    with pytest.raises(InputError) as refused:
        decode(Product, {"id": "1", "title": "Mug", "reviews": reviews}, source="catalog")
    (problem,) = refused.value.problems
    assert problem.location == place
    assert reason in problem.message


def test_only_texts_that_are_encoded_change_the_hash_of_reviews(tmp_path):
    def hashes(*reviews):
        return content_hashes(Product(id="1", title="Mug", reviews=reviews), tmp_path)

    texts = [f"Review {number}" for number in range(20)]
    before = hashes(*texts)
    assert before.keys() == {"text", "reviews"}
    assert hashes(*({"text": text, "rating": 3} for text in texts), texts[0], {"rating": 1}, "Another") == before
    assert hashes(*reversed(texts))["reviews"] != before["reviews"]
    assert hashes({"rating": 3}).keys() == {"text"}


def test_encoders_learn_from_products_whatever_an_index_declares(tmp_path):
    path = tmp_path / "catalog.jsonl"
    path.write_text(
        '{"id": "1", "title": {"de": "Becher", "fr": "Gobelet"}, "colour": "red", "variants": [{"id": "a", "size": 3}]}'
    )
    (product,) = JsonLines(path, LearnedProduct).read()
    assert product.embedding_text() == "Becher"
