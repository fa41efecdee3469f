"""The profile of an index, read from its `_meta`."""

import pytest

from ltr_plugin.catalog.profile import LAYOUT_VERSION, IndexProfile
from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.mapping import index_body
from ltr_plugin.errors import InputError

TEXT = VectorField("text_vector", "text", "test:x", Fingerprint("test", "x", "", 3, "", "w"))


def meta(tmp_path, **more):
    return {**index_body([TEXT], tmp_path)["mappings"]["_meta"], **more}


def test_an_index_of_ours_has_the_defaults(tmp_path):
    profile = IndexProfile.from_meta("shop", meta(tmp_path))
    assert profile.vectors == (TEXT,)
    assert profile.media.main == tmp_path.resolve()
    assert profile.media.allowed == ()
    assert profile.text_fields[0] == "title.stem"
    assert profile.title == "title"


def test_what_meta_states_comes_before_the_defaults(tmp_path):
    stated = meta(tmp_path, text_fields=["name^2", "maker"], title="name", returned_fields=["name"], language="german")
    profile = IndexProfile.from_meta("shop", stated)
    assert (profile.text_fields, profile.title) == (("name^2", "maker"), "name")
    assert (profile.returned_fields, profile.language) == (("name",), "german")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "was not made by `ltr index create`"),
        ({"format": 2, "vectors": []}, "was made by ltr 0.1; index the catalog again with `ltr catalog put`"),
        ({"layout_version": 99}, f"version 99, not {LAYOUT_VERSION}; index the catalog again"),
    ],
    ids=["not ours", "0.1", "another version"],
)
def test_another_layout_is_refused_in_one_sentence(wrong, message):
    with pytest.raises(InputError, match=message):
        IndexProfile.from_meta("shop", wrong)
