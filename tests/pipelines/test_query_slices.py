"""Head and tail of the queries, by how often they are asked."""

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import EncodedQuery
from ltr_plugin.pipelines.evaluation.query_slices import slice_queries
from ltr_plugin.queries.query import Query, read_queries


def parted(frequencies):
    encoded = [EncodedQuery(Query(id=f"q{n}", text="mug", frequency=often), {}) for n, often in enumerate(frequencies)]
    nothing_relevant = Qrels({one.query.id: {"p": 0} for one in encoded})
    found = slice_queries(None, encoded, nothing_relevant)
    return found.get("head"), found.get("tail")


def test_the_head_is_asked_half_of_all_times():
    assert parted([1, 60, 5, 30, 4]) == ({"q1"}, {"q0", "q2", "q3", "q4"})
    assert parted([20, 21, 22, 23]) == ({"q3", "q2"}, {"q0", "q1"})
    assert parted([2, 1]) == ({"q0"}, {"q1"})


@pytest.mark.parametrize("frequencies", [[None, None], [3, None, 1], [2, 2, 2]])
def test_there_is_neither_where_frequencies_are_unknown_or_alike(frequencies):
    assert parted(frequencies) == (None, None)


def test_a_frequency_that_is_none_is_named(tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text('{"id": "q1", "text": "mug", "frequency": 12.5}\n{"id": "q2", "text": "mug", "frequency": 0}\n')
    with pytest.raises(InputError, match=r"line 2 \$\.frequency .* greater than 0, not 0"):
        read_queries(file)
