"""What is sent to the cluster as JSON, and read back."""

import json

import numpy as np
import pytest

from ltr_plugin.cluster.transport.serializer import dumps, loads


def test_a_float32_vector_keeps_its_values_in_few_digits():
    vector = np.random.default_rng(1).normal(size=50).astype(np.float32)
    text = dumps({"vector": vector})
    assert np.array_equal(np.array(json.loads(text)["vector"], np.float32), vector)
    assert len(text) < len(json.dumps({"vector": vector.tolist()})) * 0.7


@pytest.mark.parametrize("value", [{"n": 2**70}, {"price": 0.1, "title": "Tür"}, [1, None, True], {1: "a"}])
def test_any_value_is_what_it_was(value):
    assert json.loads(dumps(value)) == json.loads(json.dumps(value))


def test_a_string_is_a_body_already():
    assert dumps('{"index":{}}\n') == '{"index":{}}\n'


@pytest.mark.parametrize("text", ['{"n": 1%s}' % ("0" * 400), '{"title": "\\ud800"}', '{"n": 1e999}'])
def test_an_answer_with_what_other_programs_stored_is_read(text):
    assert loads(text) == json.loads(text)


def test_what_has_no_form_and_what_is_no_json_are_errors():
    with pytest.raises(TypeError):
        dumps({"what": object()})
    with pytest.raises(json.JSONDecodeError):
        loads("<html>")
