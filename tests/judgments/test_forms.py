"""Judgments as shops have them: Quepid's CSV, and judgment lists of the Search Relevance Workbench."""

import gzip
import json

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.judgments.forms import text_id
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.queries.query import Query, queries_of, typed_texts

WORKBENCH = {
    "name": "Imported Judgments",
    "type": "IMPORT_JUDGMENT",
    "judgmentRatings": [
        {"query": "red dress", "ratings": [{"docId": "B 1", "rating": "3.000"}, {"docId": "B2", "rating": "0.0"}]},
        {"query": "blue  jeans", "ratings": [{"docId": "B3", "rating": 2}, {"docId": "B4", "rating": 1.0}]},
    ],
}
GRADES = {"red dress": {"B 1": 3, "B2": 0}, "blue jeans": {"B3": 2, "B4": 1}}


@pytest.fixture
def read(tmp_path):
    def write_and_read(content: str | bytes):
        path = tmp_path / "judgments"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Qrels.read(path)

    return write_and_read


def by_text(qrels):
    return {qrels.texts[query]: dict(qrels.for_query(query)) for query in qrels.grades}


@pytest.mark.parametrize(
    "content",
    [
        'query,docid,rating\nred dress,B 1,3\nred dress,"B2",0\nblue jeans,B3,2\n"blue  jeans",B4,1.0\nunrated\n',
        (
            "\ufeff\r\nRating, DocID, Query, more\r\n3, B 1, red dress, x\r\n"
            "0,B2,red dress\r\n2,B3,blue jeans,\r\n1,B4,blue jeans,\r\n"
        ),
        json.dumps(WORKBENCH),
        "\n  " + json.dumps(WORKBENCH, indent=1),
        json.dumps({"hits": {"hits": [{"_id": "x", "_source": WORKBENCH}]}}),
        gzip.compress(json.dumps(WORKBENCH).encode(), mtime=0),
    ],
    ids=["quepid", "other order and case", "workbench", "indented", "as the API returns it", "gzip"],
)
def test_texts_and_grades_are_read(read, content):
    assert by_text(read(content)) == GRADES


def test_a_quoted_text_may_have_commas_quotes_and_lines(read):
    qrels = read('query,docid,rating\n"red, ""very"" red\ndress",p1,2\nmug,p2,1\n')
    assert set(qrels.texts.values()) == {'red, "very" red dress', "mug"}


def test_a_qid_is_the_id_of_its_query(read):
    qrels = read("qid,query,docid,rating\n7,red dress,p1,1\n8,blue jeans,p1,2\n")
    assert (qrels.texts, dict(qrels.for_query("8"))) == ({"7": "red dress", "8": "blue jeans"}, {"p1": 2})
    assert not read("qid,docid,rating\n7,p1,1\n").texts


def test_every_mistake_of_a_csv_is_listed_with_its_line(read):
    rows = [
        "query,docid,rating,qid",
        "mug,p1,2,1",
        "mug,p1,3,1",
        "mug,p2,0.5,1",
        "mug,,1,1",
        ",p1,1,",
        "mug,p3,31,1",
        "mug, with blanks,p4,1,1",
        "cup,p1,1,1",
        "mug,p1,1,2",
        '"two\nlines",p5,-1,3',
        "mug,p6,nan,1",
    ]
    with pytest.raises(InputError) as raised:
        read("\n".join(rows).encode() + b"\nm\xfcg,p7,1,1\n")
    found = {problem.location: problem.message for problem in raised.value.problems}
    assert list(found) == [f"line {number}" for number in (3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14)]
    assert "grade 3, but 2 in line 2" in found["line 3"]
    assert found["line 4"] == found["line 7"].replace("31", "0.5") == "grade '0.5' is not a whole number from 0 to 30"
    assert "no docid" in found["line 5"]
    assert "no query" in found["line 6"]
    assert "in quotes" in found["line 8"]
    assert "qid '1' has text 'cup', but 'mug'" in found["line 9"]
    assert "query 'mug' has qid '2', but '1'" in found["line 10"]
    assert "not UTF-8" in found["line 14"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "query,doc,grade\nmug,p1,1\n",
            "line 1  no column docid, rating; a CSV of judgments has query, docid",
        ),
        ("docid,rating\np1,1\n", "no column query or qid"),
        ("query,docid,rating\n", "has no judgments"),
        ('query,docid,rating\n"mug,p1,1\n', "line 2  unexpected end of data"),
        ("{", "is not JSON"),
        ("[1]", r"\$.judgmentRatings  is no list of rated queries"),
        ('{"judgmentRatings": {"mug": []}}', r"\$.judgmentRatings  is no list of rated queries"),
        ('{"judgmentRatings": []}', "has no judgments"),
    ],
)
def test_what_is_no_file_of_judgments_is_refused(read, content, message):
    with pytest.raises(InputError, match=message):
        read(content)


def test_every_mistake_of_a_judgment_list_is_listed_with_its_path(read):
    wrong = [
        {
            "query": "mug",
            "ratings": [{"docId": "p1", "rating": "0.7"}, {"docId": "p2"}, {"docId": "p3", "rating": True}],
        },
        {"query": "", "ratings": []},
        {"ratings": "none"},
        {"query": "cup", "ratings": [{"docId": "p1", "rating": 1}, {"docId": "p1", "rating": 2}, 7]},
    ]
    with pytest.raises(InputError) as raised:
        read(json.dumps({"judgmentRatings": wrong}))
    found = {problem.location: problem.message for problem in raised.value.problems}
    start = "$.judgmentRatings"
    assert set(found) == {
        f"{start}[0].ratings[0].rating", f"{start}[0].ratings[1].rating", f"{start}[0].ratings[2].rating",
        f"{start}[1].query", f"{start}[2].query", f"{start}[2].ratings", f"{start}[3].ratings[1]",
        f"{start}[3].ratings[2]",
    }  # fmt: skip
    assert found[f"{start}[0].ratings[0].rating"] == "grade '0.7' is not a whole number from 0 to 30"


def test_a_judgment_list_may_be_one_line_of_any_length(read):
    ratings = [{"docId": f"product-{number:07d}-{'x' * 40}", "rating": "1.000"} for number in range(60_000)]
    content = json.dumps({"judgmentRatings": [{"query": "mug", "ratings": ratings}]})
    assert len(content) > 4 << 20
    assert len(read(content).for_query("mug")) == len(ratings)


def test_judgments_that_name_texts_are_joined_by_text(read):
    qrels = read("qid,query,docid,rating\n1,red  dress,p1,1\n2,blue jeans,p1,2\n3,mug,p2,1\n")
    queries = [
        Query(id="2", text="red dress"),
        Query(id="again", text="red dress "),
        Query(id="photo", text="mug", image="mug.jpg"),
        Query(id="3", image="jeans.jpg"),
    ]
    joined, left = qrels.joined(typed_texts(queries))
    assert joined.grades == {"2": {"p1": 1}, "again": {"p1": 1}}
    assert left == ["blue jeans", "mug"]


def test_judgments_that_name_ids_are_joined_by_id(read):
    joined, left = read("q1 0 p1 1\nq2 0 p1 2.0\n").joined({"q1": "mug", "q3": "cup"})
    assert (joined.grades, left) == ({"q1": {"p1": 1}}, ["q2"])


def test_queries_are_made_of_texts(read):
    made = queries_of(read(json.dumps(WORKBENCH)))
    assert [(query.id, query.text) for query in made] == [("red_dress", "red dress"), ("blue_jeans", "blue jeans")]
    with pytest.raises(InputError, match="by id, not by text; name a file of queries with --queries"):
        queries_of(read("q1 0 p1 1\n"))


def test_each_text_has_an_id_of_its_own_that_a_query_can_have():
    texts = ["red dress", "red_dress", "red%5Fdress", "red%dress", "x" * 500, "x" * 501, "a\x01b", "größe 38 ß"]
    ids = [text_id(text) for text in texts]
    assert len(set(ids)) == len(texts)
    assert all(Query(id=id_, text=text).id == id_ for id_, text in zip(ids, texts, strict=True))
    assert text_id("größe  38 ") == "größe_38"
