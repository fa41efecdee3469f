"""`ltr catalog` and `ltr index` as catalog systems and their operators run them."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
import uuid

import pytest
from ltr_command import ltr_here

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import resolve_alias

pytestmark = pytest.mark.live

UNKNOWN = (
    "$.titel  unknown key; correct its name, put it into `attributes`, or declare it in the index's profile: "
    "`fields: [{name: titel, type: keyword}]`"
)

HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
"""What is started from a shell's background ignores Ctrl-C, and hands that down."""

LTR = [sys.executable, "-c", f"{HEARS}; from ltr_plugin.cli import main; main()"]


@pytest.fixture
def cluster(node_url):
    return connect(node_url)


@pytest.fixture
def name(cluster):
    made = f"cli-{uuid.uuid4().hex[:8]}"
    yield made
    cluster.call("DELETE", f"/{made}-v*")


def of_this_test(words, name):
    return ["--index", name] if words[0] == "catalog" else []


@pytest.fixture
def start(node_url, tmp_path, name):
    """Starts `ltr` with these words; a verb of catalogs works on the index of this test."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("OPENSEARCH_", "LTR_"))}
    env |= {"OPENSEARCH_URL": node_url, "LTR_RUNS": str(tmp_path / "runs")}
    started = []

    def run(*words):
        command = [*LTR, *map(str, words), *of_this_test(words, name)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def index(node_url, tmp_path, name):
    """(exit code, standard output, standard error) of such a command, in this process."""

    def run(*words, stdin=""):
        environment = {"OPENSEARCH_URL": node_url, "LTR_RUNS": str(tmp_path / "runs")}
        return ltr_here(*words, *of_this_test(words, name), stdin=stdin, **environment)

    return run


@pytest.fixture
def create(index, name):
    """Creates the index of this test without vectors, unless encoders are named, and writes a catalog into it."""

    def run(catalog, *encoders):
        created = index("index", "create", name, *(encoders or ("--text-encoder", "none")))
        return index("catalog", "put", catalog) if created[0] == 0 else created

    return run


@pytest.fixture
def write(tmp_path):
    def lines(name, *records):
        path = tmp_path / name
        path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records))
        return path

    return lines


@pytest.fixture
def catalog(write):
    return write("catalog.jsonl", *({"id": f"p{n}", "title": f"mug {n}", "price": n} for n in range(5)))


def ids(cluster, name):
    index = ManagedIndex.open(cluster, name)
    index.refresh()
    return list(index.ids())


def price(cluster, name, id_):
    return cluster.call("GET", f"/{name}/_doc/{id_}")["_source"]["price"]


def wait_for(condition):
    began = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - began < 60, "waited in vain"
        time.sleep(0.05)
    return found


def test_lines_from_standard_input_are_taken_in_while_it_is_open(start, index, cluster, name):
    assert index("index", "create", name, "--text-encoder", "none")[0] == 0
    process = start("catalog", "put", "-", "--json")
    process.stdin.write('{"id": "a", "title": "mug"}\n{"id": "b", "titel": "cup"}\n')
    process.stdin.flush()
    wait_for(lambda: resolve_alias(cluster, name) and ids(cluster, name) == ["a"])
    out, err = process.communicate('{"id": "c", "title": "bowl"}\n{"id": "a", "deleted": true}\n', timeout=60)
    assert process.returncode == 1  # a line was refused
    assert "line 2  b  $.titel  unknown key" in err
    assert json.loads(out)["products"] == 1
    assert ids(cluster, name) == ["c"]


def test_prices_are_updated_ids_deleted_and_pruning_shows_its_plan_first(index, create, cluster, name, catalog, write):
    assert create(catalog)[0] == 0
    code, _, err = index("catalog", "update", "-", stdin='{"id": "p1", "price": 9.9}\n{"id": "absent", "price": 1}\n')
    assert code == 1
    assert "line 2  absent  there is no such product" in err
    assert price(cluster, name, "p1") == 9.9
    assert index("catalog", "update", write("prices.jsonl", {"id": "p2", "price": 8.8}))[0] == 0
    assert price(cluster, name, "p2") == 8.8
    code, out, err = index("catalog", "delete", write("gone.txt", "p4", "never-there"))
    assert (code, out) == (0, f"deleted 1 product from {name}\n")
    assert "1 id not in the index: never-there" in err
    less = write("less.jsonl", *({"id": f"p{n}", "title": "mug"} for n in range(3)))
    code, _, err = index("catalog", "put", less, "--prune")
    assert code == 0
    assert "--yes deletes 1 product that the file does not contain: p3" in err
    assert ids(cluster, name) == ["p0", "p1", "p2", "p3"]
    code, _, err = index("catalog", "put", less, "--prune", "--yes")
    assert "deleted 1 product that" in err
    assert ids(cluster, name) == ["p0", "p1", "p2"]


def test_encoders_are_changed_from_the_index_itself_and_back_and_old_versions_dropped(
    index, create, cluster, name, catalog, tmp_path
):
    for file, zeros in (("old", " 0 0"), ("new", " 0")):
        (tmp_path / f"{file}.txt").write_text(f"mug 1{zeros}\ncup{zeros} 1\n")
    old, new = (f"word-vectors:{tmp_path}/{file}.txt" for file in ("old", "new"))
    assert create(catalog, "--text-encoder", old)[0] == 0
    code, out, err = index("index", "embed", name, "--text-encoder", new, "--json")
    assert code == 0, err
    status = json.loads(out)
    assert (status["index"], status["products"], status["backlog"]) == (f"{name}-v2", 5, 0)
    assert status["vectors"] == {"text_vector": new}
    assert index("catalog", "put", catalog)[0] == 0  # the encoders stay
    assert resolve_alias(cluster, name) == f"{name}-v2"
    code, _, err = index("index", "rollback", name)
    assert f"{name} is {name}-v1 again, with the current products" in err
    assert resolve_alias(cluster, name) == f"{name}-v1"
    code, out, _ = index("index", "drop", name)
    assert f"--yes deletes 1 version of {name}; {name}-v1 is active, with 5 products:\n  {name}-v2  5 products" in out
    assert cluster.call("GET", f"/{name}-v2/_count")["count"] == 5
    code, out, _ = index("index", "drop", name, "--yes", "--json")
    assert [one["name"] for one in json.loads(out)["deleted"]] == [f"{name}-v2"]
    code, _, err = index("index", "rollback", name)
    assert code == 2
    assert "has no version before it" in err


def test_a_replacing_catalog_says_what_is_there_then(index, create, cluster, name, catalog, write):
    assert create(catalog)[0] == 0
    _, out, _ = index("index", "create", name, "--from", write("other.jsonl", {"id": "n1", "title": "cup"}), "--json")
    assert json.loads(out)["index"] == f"{name}-v2" == resolve_alias(cluster, name)
    assert ids(cluster, name) == ["n1"]
    _, _, err = index("index", "rollback", name)
    assert "as it was before" in err
    assert len(ids(cluster, name)) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["catalog", "put", "-", "--prune"], "--prune: needs a file with all products, not standard input"),
        (["index", "embed", "--reembed", "ids.txt", "--text-encoder", "none"], "cannot be combined"),
        (["catalog", "put", "x.jsonl", "--no-wait"], "--no-wait: needs workers"),
        (["index", "create", "Shop"], "index: 'Shop' is no name; use lower-case letters"),
        (["index", "status", "a/b"], "index: 'a/b' is no name"),
        (["index", "drop", "*", "--all", "--yes"], "index: '*' is no name"),
        (["search", "mug", "--index", "*"], "'*' is no name"),
        (["features", "push", "words", "--index", "_all"], "'_all' is no name"),
        (["index", "rollback", "nobody-made-it"], "index nobody-made-it: there is no such index"),
        (["catalog", "put", "x.jsonl", "--media-root", "nosuch"], "'nosuch' does not exist"),
        (["catalog", "watch", "nosuch"], "'nosuch' does not exist"),
    ],
)
def test_what_does_not_go_together_is_refused(index, arguments, said):
    code, _, err = index(*arguments)
    assert code == 2
    assert said in err


def test_an_empty_file_deletes_nothing(index, create, cluster, name, catalog, write):
    assert create(catalog)[0] == 0
    for words in (["catalog", "put", write("empty.jsonl"), "--prune", "--yes"],
                  ["index", "create", name, "--from", write("empty.jsonl")]):  # fmt: skip
        code, _, err = index(*words)
        assert code == 2
        assert "has no product, so nothing would be left" in err
    assert len(ids(cluster, name)) == 5
    assert resolve_alias(cluster, name) == f"{name}-v1"


def test_an_update_makes_no_index(index, cluster, name, write):
    for words, lines in ((["-"], '{"id": "p1", "price": 9.9}\n'), ([write("prices.jsonl", {"id": "p1"})], "")):
        code, _, err = index("catalog", "update", *words, stdin=lines)
        assert code == 1
        assert f"there is no index '{name}'" in err
    assert resolve_alias(cluster, name) is None


def test_a_whole_index_is_deleted_when_asked_for(index, create, cluster, name, catalog):
    assert create(catalog)[0] == 0
    _, out, _ = index("index", "drop", name, "--yes")
    assert out == f"{name} has no version but the active one; --all deletes that one too\n"
    _, out, _ = index("index", "drop", name, "--all")
    assert f"--yes deletes 1 version of {name}:\n  {name}-v1  5 products" in out
    assert len(ids(cluster, name)) == 5
    assert index("index", "drop", name, "--all", "--yes")[0] == 0
    assert resolve_alias(cluster, name) is None


def test_a_file_that_holds_no_ids_deletes_nothing(index, create, cluster, name, catalog):
    assert create(catalog)[0] == 0
    code, _, err = index("catalog", "delete", catalog)
    assert code == 2
    assert 'line 1  \'{"id": "p0", ' in err
    assert "is no id" in err
    assert len(ids(cluster, name)) == 5


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_list_of_ids_is_read_whatever_a_program_puts_around_them(
    index, create, cluster, name, catalog, tmp_path, pack
):
    assert create(catalog)[0] == 0
    (tmp_path / "gone.txt").write_bytes(pack(b"\xef\xbb\xbfp1\r\np3\r\n\r\np4"))
    code, out, err = index("catalog", "delete", tmp_path / "gone.txt")
    assert (code, out, err) == (0, f"deleted 3 products from {name}\n", "")
    assert ids(cluster, name) == ["p0", "p2"]
    code, _, err = index("index", "embed", name, "--reembed", tmp_path / "gone.txt")
    assert code == 0
    assert "3 ids not in the index: p1, p3, p4" in err


def test_of_two_commands_that_create_an_index_with_other_encoders_one_is_told_that_it_exists(
    start, cluster, name, tmp_path
):
    (tmp_path / "words.txt").write_text("mug 1 0\ncup 0 1\n")
    encoders = ("none", f"word-vectors:{tmp_path}/words.txt")
    both = [start("index", "create", name, "--text-encoder", one) for one in encoders]
    errors = [process.communicate(timeout=120)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 2], errors
    assert any("exists already, as" in error for error in errors)
    assert len(cluster.call("GET", f"/_alias/{name}")) == 1


def test_an_index_that_exists_is_not_created_again(index, name):
    assert index("index", "create", name, "--text-encoder", "none")[0] == 0
    code, _, err = index("index", "create", name)
    assert code == 2
    assert f"exists already, as {name}-v1" in err


def test_a_watched_folder_is_taken_in_with_vectors_and_a_killed_watcher_goes_on(
    start, index, cluster, name, write, tmp_path
):
    (tmp_path / "words.txt").write_text("mug 1 0 0\ncup 0 1 0\n")
    folder = tmp_path / "incoming"
    folder.mkdir()
    write("incoming/one.jsonl", {"id": "a", "title": "mug"}, {"id": "b", "titel": "cup"})
    assert index("index", "create", name, "--text-encoder", f"word-vectors:{tmp_path}/words.txt")[0] == 0
    first = start("catalog", "watch", folder, "--json")
    facts = json.loads(first.stdout.readline())
    assert (facts["file"], facts["applied"]) == (str(folder / "failed" / "one.jsonl"), 1)
    assert facts["refused"] == [f"line 2  b  {UNKNOWN}"]
    products = ManagedIndex.open(cluster, name)
    wait_for(lambda: not products.fetch(["a"])[0].pending(products.vectors))
    first.kill()
    write("incoming/two.jsonl", {"id": "c", "title": "cup"})
    second = start("catalog", "watch", folder)
    assert "two.jsonl: 1 change made, 0 refused" in second.stdout.readline()
    assert (folder / "done" / "two.jsonl").exists()
    wait_for(lambda: not products.fetch(["c"])[0].pending(products.vectors))
    second.send_signal(signal.SIGINT)
    _, said = second.communicate(timeout=60)
    assert second.returncode == 130
    assert said == "\nltr: stopping\nltr: interrupted; the same command continues where it stopped\n"
