"""The record by which the kill tests count, where a process is killed in the middle of a note."""

import json

from benchmarks.lib import recorded


def note(event: str, run: str, **facts: object) -> str:
    return f"\n{json.dumps({'event': event, 'at': 1.0, 'pid': 7, 'thread': 1, 'run': run, **facts})}\n"


def test_a_note_that_broke_off_hides_no_other(tmp_path):
    record = tmp_path / "record.jsonl"
    one, two = [["p1", "text_vector"]], [["p2", "text_vector"]]
    broken = note("made", "a", made=one)[:-20]
    record.write_text(
        note("read", "a", missing=one) + broken + note("read", "b", missing=two) + note("made", "b", made=two)
    )
    first, second = recorded.read_attempts(record)
    assert (first.missing, first.made) == ([("p1", "text_vector")], [])
    assert second.made == [("p2", "text_vector")]


def test_a_note_that_is_being_written_is_read_once_it_is_whole(tmp_path, monkeypatch):
    record = tmp_path / "record.jsonl"
    monkeypatch.setenv("LTR_RECORD", str(record))
    recorded._note("read", "a", thread=1, missing=[["p1", "text_vector"]])
    whole = record.read_text()
    for end in range(len(whole.rstrip())):
        record.write_text(whole[:end])
        assert recorded.read_attempts(record) == []
    record.write_text(whole)
    assert [attempt.missing for attempt in recorded.read_attempts(record)] == [[("p1", "text_vector")]]


def test_every_run_of_a_task_has_an_index_of_its_own():
    fields = {"cluster": None, "alias": "shop", "name": "shop-v1", "uuid": "u", "profile": None, "media_roots": None}
    fields |= {"mapping": {}, "settings": {}}
    one, other = recorded.RecordedIndex(**fields), recorded.RecordedIndex(**fields)
    assert one._run != other._run
