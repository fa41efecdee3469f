import gzip

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.judgments.qrels import Qrels


@pytest.fixture
def written(tmp_path):
    def write(content: bytes):
        path = tmp_path / "qrels"
        path.write_bytes(content)
        return path

    return write


def test_reads_tabs_spaces_blank_lines_and_line_endings(written):
    qrels = Qrels.read(written(b"\xef\xbb\xbfq2 0 p1 3\r\nq1\t0\tp1\t0\n\nq1   Q0 p2   1\n"))
    assert qrels.queries() == ("q1", "q2")
    assert dict(qrels.for_query("q1")) == {"p1": 0, "p2": 1}
    assert dict(qrels.for_query("q2")) == {"p1": 3}
    assert dict(qrels.for_query("absent")) == {}
    assert len(qrels) == 2
    assert "q1" in qrels
    assert "absent" not in qrels


def test_reads_gzip_whatever_the_name(written):
    assert dict(Qrels.read(written(gzip.compress(b"q 0 p 2\n"))).for_query("q")) == {"p": 2}


def test_every_wrong_line_is_listed(written):
    with pytest.raises(InputError) as caught:
        Qrels.read(written(b"q 0 p 1\nq 0 p\nq 0 p -1\nq 0 p one\nq 0 p 2\nq 0 p 1.5\nq 0 p 1\n"))
    assert [problem.location for problem in caught.value.problems] == ["line 2", "line 3", "line 4", "line 5", "line 6"]
    assert "grade 2, but 1 in line 1" in caught.value.problems[3].message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no judgments"),
        (b"\n \n", "no judgments"),
        (b"q 0 p\xff 1\n", "not UTF-8"),
        (gzip.compress(b"q 0 p 1\n" * 100, mtime=0)[:-12], "damaged gzip"),
    ],
)
def test_a_file_without_judgments_is_refused(written, content, message):
    with pytest.raises(InputError, match=message):
        Qrels.read(written(content))


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        Qrels.read(tmp_path / "absent")


def test_the_digest_depends_on_judgments_and_not_on_their_order():
    qrels = Qrels({"a": {"x": 1, "y": 0}, "b": {"x": 2}})
    assert qrels.digest == Qrels({"b": {"x": 2}, "a": {"y": 0, "x": 1}}).digest
    assert qrels.digest != Qrels({"b": {"x": 2}, "a": {"y": 1, "x": 1}}).digest


@pytest.mark.parametrize("grade", [b"16777217", b"31", b"1e3", b"9" * 5000, "٣".encode()])
def test_a_grade_that_no_ranker_could_use_is_told_with_its_line(written, grade):
    with pytest.raises(InputError, match="whole number from 0 to 30") as caught:
        Qrels.read(written(b"q 0 p0 1\nq 0 p " + grade + b"\n"))
    assert [problem.location for problem in caught.value.problems] == ["line 2"]
    assert len(str(caught.value)) < 400
