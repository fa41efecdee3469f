from typing import Annotated, Literal

import pytest
from pydantic import Field

from ltr_plugin.errors import InputError
from ltr_plugin.validation import StrictModel, decode


class Red(StrictModel):
    kind: Literal["red"]
    weight: float


class Blue(StrictModel):
    kind: Literal["blue"]


class Box(StrictModel):
    name: str
    parts: list[Annotated[Red | Blue, Field(discriminator="kind")]] = Field(default_factory=list)


def places(value):
    with pytest.raises(InputError) as raised:
        decode(Box, value, source="box.yaml")
    return {problem.location: problem.message for problem in raised.value.problems}


def test_all_mistakes_come_together_each_with_its_path():
    found = places({"parts": [{"kind": "red", "weight": "heavy"}, {"kind": "blue", "size": 3}], "colour": 1})
    assert list(found) == ["$.name", "$.parts[0].weight", "$.parts[1].size", "$.colour"]
    assert found["$.name"] == "required key missing"
    assert found["$.parts[1].size"] == "unknown key; remove it or correct its name"
    assert "'heavy'" in found["$.parts[0].weight"]


def test_an_unknown_kind_lists_the_known_ones():
    assert places({"name": "a", "parts": [{"kind": "rde"}]}) == {
        "$.parts[0].kind": "unknown kind 'rde' (expected one of: 'red', 'blue')"
    }


def test_a_missing_kind_is_named():
    assert places({"name": "a", "parts": [{}]}) == {"$.parts[0].kind": "required key missing"}


def test_a_mistake_prints_its_file_and_count():
    with pytest.raises(InputError) as raised:
        decode(Box, {"name": 1, "x": 2}, source="box.yaml")
    assert str(raised.value).splitlines()[0] == "box.yaml: 2 problems"
