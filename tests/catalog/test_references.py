"""References to media: what may be shown of them, and which are wrong wherever a worker runs."""

import pytest
from pydantic import ValidationError

from ltr_plugin.catalog.changes import ProductUpdateModel
from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.references import MAX_MEDIA, public_reference


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("https://u:p@shop.example/a.jpg?w=300#x", "https://shop.example/a.jpg?w=300#x"),
        ("https://b.example/a.jpg?X-Amz-Credential=k&X-Amz-Signature=s&w=3", "https://b.example/a.jpg"),
        ("https://b.example/a.jpg?AWSAccessKeyId=k&Expires=1&Signature=s", "https://b.example/a.jpg"),
        ("https://b.example/a.jpg?sv=2024&sp=r&sig=s#x", "https://b.example/a.jpg#x"),
        ("https://b.example/a.jpg?X-Goog-Signature=s", "https://b.example/a.jpg"),
        ("https://b.example/a.jpg?access_token=s", "https://b.example/a.jpg"),
        ("https://b.example/a.jpg?id=3&format=webp", "https://b.example/a.jpg?id=3&format=webp"),
        ("photos/what?sig=2@x.jpg", "photos/what?sig=2@x.jpg"),
    ],
)
def test_no_password_or_signature_is_shown(reference, shown):
    assert public_reference(reference) == shown


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("ftp://u:s3cret@shop.example/a.jpg", "ftp: is not read: 'ftp://shop.example/a.jpg'"),
        ("s3://bucket/a.jpg", "s3: is not read"),
        ("data:image/png;base64,AAAA", "data: is not read"),
        ("FILE:///etc/passwd", "file: is not read"),
        ("https:/shop.example/a.jpg", "https: is not read"),
        ("//shop.example/a.jpg", "'//shop.example/a.jpg' has no scheme; put https: before it"),
        ("http://u:s3cret@[half/a.jpg", "no valid URL"),
        ("http:///a.jpg", "no valid URL"),
        ("", "empty reference"),
    ],
)
def test_a_reference_that_no_worker_can_read_is_named_with_the_product(reference, reason):
    for build in (lambda **fields: Product(title="mug", **fields), ProductUpdateModel):
        with pytest.raises(ValidationError) as raised:
            build(id="p", images=[reference])
        (details,) = raised.value.errors()
        assert reason in details["msg"]
        assert "s3cret" not in details["msg"]


def test_files_may_have_a_colon():
    assert Product(id="p", images=["photos/a:b.jpg", "x:1.jpg", "/srv/a.jpg"]).images[0] == "photos/a:b.jpg"


def test_a_product_has_a_limited_number_of_media():
    names = [f"{number}.jpg" for number in range(MAX_MEDIA)]
    assert len(Product(id="p", images=names).images) == MAX_MEDIA
    with pytest.raises(ValidationError, match="101 references; the limit is 100"):
        Product(id="p", images=[*names, "more.jpg"])
