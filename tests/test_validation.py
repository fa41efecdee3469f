from typing import Annotated, Literal

import pytest
from pydantic import Field

from ltr_plugin.errors import InputError, counted
from ltr_plugin.validation import StrictModel, decode, parse_json, read_json


class Red(StrictModel):
    kind: Literal["red"]
    weight: float


class Blue(StrictModel):
    kind: Literal["blue"]


class Box(StrictModel):
    name: str
    parts: list[Annotated[Red | Blue, Field(discriminator="kind")]] = Field(default_factory=list)


def problems(value, **options):
    with pytest.raises(InputError) as raised:
        decode(Box, value, source="box.yaml", **options)
    return {problem.location: problem.message for problem in raised.value.problems}


def test_every_problem_is_listed_with_its_path():
    found = problems({"parts": [{"kind": "red", "weight": "heavy"}, {"kind": "blue", "size": 3}], "colour": 1})
    assert list(found) == ["$.name", "$.parts[0].weight", "$.parts[1].size", "$.colour"]
    assert found["$.name"] == "required key missing"
    assert found["$.parts[1].size"] == "unknown key; remove it or correct its name"
    assert "'heavy'" in found["$.parts[0].weight"]


def test_a_renamed_key_is_refused_with_its_new_name():
    value = {"name": "a", "parts": [{"kind": "red", "mass": 1, "weight": 1}]}
    assert problems(value, renamed_keys={"mass": "`weight`"}) == {
        "$.parts[0].mass": "unknown key; it is called `weight` now"
    }


def test_a_required_key_with_its_earlier_name_is_one_problem():
    value = {"name": "a", "parts": [{"kind": "red", "mass": 1}]}
    assert problems(value, renamed_keys={"mass": "`weight`"}) == {
        "$.parts[0].mass": "unknown key; it is called `weight` now"
    }


def test_a_long_value_is_quoted_in_part():
    (message,) = problems({"name": ["x" * 10_000], "parts": []}).values()
    assert len(message) < 200


def test_an_unknown_kind_lists_the_known_ones():
    assert problems({"name": "a", "parts": [{"kind": "rde"}]}) == {
        "$.parts[0].kind": "unknown kind 'rde' (expected one of: 'red', 'blue')"
    }


def test_a_missing_kind_is_named():
    assert problems({"name": "a", "parts": [{}]}) == {"$.parts[0].kind": "required key missing"}


def test_an_error_prints_its_source_and_the_number_of_problems():
    with pytest.raises(InputError) as raised:
        decode(Box, {"name": 1, "x": 2}, source="box.yaml")
    assert str(raised.value).splitlines()[0] == "box.yaml: 2 problems"


def test_json_is_read_from_files_and_text(tmp_path):
    path = tmp_path / "box.json"
    path.write_text('{"name": "größe"}', encoding="utf-8")
    assert read_json(path) == parse_json(path.read_bytes(), source="box") == {"name": "größe"}


@pytest.mark.parametrize("content", [b"", b"{", b'"\xff"', b"[" * 100_000])
def test_what_is_not_json_is_refused(tmp_path, content):
    path = tmp_path / "box.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"box\.json: is not JSON"):
        read_json(path)


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_json(tmp_path / "box.json")


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (1, "query", "1 query"),
        (0, "query", "0 queries"),
        (1200, "query", "1,200 queries"),
        (2, "product", "2 products"),
    ],
)
def test_messages_count_in_singular_and_plural(number, noun, said):
    assert counted(number, noun) == said
