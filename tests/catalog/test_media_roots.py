"""Which folders a process may read media from, whatever an index states."""

import pytest

from ltr_plugin.catalog.media_roots import MediaRoots


@pytest.fixture
def folders(tmp_path):
    for name in ("shop", "other"):
        (tmp_path / name).mkdir()
    return tmp_path / "shop", tmp_path / "other"


def test_nothing_is_read_that_only_the_index_allows(folders):
    shop, other = folders
    roots = MediaRoots.of(shop)
    assert (
        roots.refusal("a.jpg")
        == f"'a.jpg' is a file; set LTR_MEDIA_ROOT of the worker to a folder that contains {shop}, "
        "or name it with `ltr index embed --media-root`"
    )
    assert roots.refusal(str(shop / "a.jpg"))
    assert roots.refusal("https://shop.example/a.jpg") is None
    assert MediaRoots.of(shop, [other]).refusal("a.jpg"), "the folder is here, and not allowed"


def test_the_folder_of_the_index_is_read_when_it_is_in_an_allowed_one(folders, tmp_path):
    shop, _ = folders
    roots = MediaRoots.of(shop, [tmp_path])
    assert roots.refusal("a.jpg") is None
    assert roots.root_of("a.jpg") == shop
    assert roots.root_of(str(tmp_path / "other" / "a.jpg")) == tmp_path


def test_an_allowed_folder_stands_for_one_that_is_on_another_machine(folders, tmp_path):
    _, other = folders
    roots = MediaRoots.of(tmp_path / "elsewhere", [other])
    assert (roots.main, roots.refusal("a.jpg")) == (other, None)


def test_a_link_leads_to_no_other_folder(folders):
    shop, other = folders
    (shop / "link").symlink_to(other)
    assert MediaRoots.of(shop / "link", [shop]).refusal("a.jpg")
