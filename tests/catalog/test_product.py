import pytest

from ltr_plugin.catalog.media import content_hashes, resolve_media_path
from ltr_plugin.catalog.product import Product
from ltr_plugin.errors import MediaError


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
