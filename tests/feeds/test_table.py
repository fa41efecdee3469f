"""Tables as exports have them: separators, line ends, quotation marks that are not closed."""

import io

import pytest

from ltr_plugin.errors import ProblemLog
from ltr_plugin.feeds.records import MAX_FIELD_CHARS, MAX_RECORD_LINES
from ltr_plugin.feeds.table import Table


def read(text, separator=""):
    problems = ProblemLog()
    table = Table(io.StringIO(text, newline=""), problems, separator)
    records = [(record.line, [value for _, value in record.values]) for record in table.records()]
    return records, [str(problem) for problem in problems]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separator_and_line_end_are_recognised(separator, end):
    text = end.join([f"id{separator}title", f"1{separator}a", "", f"2{separator}b"]) + end
    assert read(text) == ([(2, ["1", "a"]), (4, ["2", "b"])], [])


def test_a_value_has_line_breaks_separators_and_quotation_marks_within_quotation_marks():
    assert read('id,title\n1,"a\nb, ""c"""\n2,d\n') == ([(2, ["1", 'a\nb, "c"']), (4, ["2", "d"])], [])


def test_excels_line_with_the_separator_is_followed():
    assert read("sep=|\nid|title, a;b\n1|x\n") == ([(3, ["1", "x"])], [])


def test_a_quotation_mark_within_a_value_is_a_letter():
    assert read('id\ttitle\n1\t12" pan\n2\t"Best" mug\n') == ([(2, ["1", '12" pan']), (3, ["2", "Best mug"])], [])


@pytest.mark.parametrize(
    ("lines", "good", "wrong"),
    [
        (['1,"open', "2,b", '3,"c"', "4,d"], [3, 4, 5], [2]),
        (["1,a", '2,"open', "3,c"], [2, 4], [3]),
        (['1,"a"', '2,"open'], [2], [3]),
        (['1,"open', '2,"open', "3,c"], [4], [2, 3]),
    ],
)
def test_a_quotation_mark_that_is_not_closed_costs_its_line_alone(lines, good, wrong):
    records, problems = read("\n".join(["id,title", *lines]))
    assert [line for line, _ in records] == good
    assert [problem.split("  ")[0] for problem in problems] == [f"line {line}" for line in wrong]
    assert all("quotation mark" in problem for problem in problems)


def test_an_open_quotation_mark_does_not_swallow_a_long_file():
    lines = ['1,"open', *(f"{number},b" for number in range(2, MAX_RECORD_LINES + 1000))]
    records, problems = read("\n".join(["id,title", *lines]))
    assert len(records) == len(lines) - 1
    assert len(problems) == 1


def test_a_line_that_is_too_long_is_one_problem_and_lines_are_counted_on():
    records, problems = read(f"id,title\n1,{'x,' * MAX_FIELD_CHARS}\n2,b\n3\n")
    assert [line for line, _ in records] == [3]
    assert [problem.split("  ")[0] for problem in problems] == ["line 2", "line 4"]


def test_a_wrong_number_of_columns_is_named():
    records, problems = read("id,title\n1\n2,a,b\n3,c,,\n4,d\n")
    assert [line for line, _ in records] == [4, 5]
    assert [problem.split(";")[0] for problem in problems] == [
        "line 2  has 1 column, the header has 2", "line 3  has 3 columns, the header has 2",
    ]  # fmt: skip


def test_columns_without_a_name_get_one_and_repeated_ones_stay():
    table = Table(io.StringIO('\ufeff"id",,image,image\n1,2,3,4\n'), ProblemLog())
    assert table.header == ["id", "column 2", "image", "image"]
    assert next(table.records()).values == [("id", "1"), ("column 2", "2"), ("image", "3"), ("image", "4")]


def test_a_text_without_a_header_is_an_error():
    with pytest.raises(ValueError, match="has no line with the names"):
        Table(io.StringIO("\n \n"), ProblemLog())
