"""A secured node of each engine, with an index that a shop had before and users of our roles."""

from collections.abc import Iterator

import pytest
from ltr_command import ltr_here
from secured_node import SecuredNode, secured_node
from secured_shop import JUDGED, ON, fill, write_files

from ltr_plugin.errors import NodeError


@pytest.fixture(scope="session", params=["opensearch", "elasticsearch"])
def node(request) -> Iterator[SecuredNode]:
    """A node whose users have our roles for the index `shop_de`, which it has, and another index `orders`."""
    try:
        with secured_node(request.param) as running:
            fill(running)
            yield running
    except NodeError as error:
        if "Maven cannot fetch" not in str(error):
            raise
        pytest.skip(str(error).splitlines()[0])


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with what the search team has."""
    return write_files(tmp_path_factory.mktemp("team"))


@pytest.fixture
def run(node, folder, tmp_path):
    """Runs a command as a user, and returns what it prints. It ends with `code`, and where that is 1 by a refusal."""

    def command(user, *arguments, code=0):
        environment = {**node.environment(user), "LTR_RUNS": str(tmp_path / "runs")}
        got, out, err = ltr_here(*arguments, cwd=folder, **environment)
        assert got == code, err
        if code:
            assert "was refused (403)" in err
            assert "give the user of OPENSEARCH_USER the right for it" in err
        return out + err

    return command


@pytest.fixture(scope="session")
def promoted(node, folder):
    """A ranker of the search team that storefronts get."""
    run = folder / f"runs-{node.engine}"
    for command in (
        ("profile", "put", "index.yaml", *ON),
        ("features", "push", "set.yaml", *ON),
        ("features", "log", "set.yaml", *JUDGED, "--out", f"{run}.parquet", *ON),
        ("train", "lambdamart", f"{run}.parquet", "--out", str(run)),
        ("ranker", "push", str(run), *ON),
        ("ranker", "promote", str(run), *ON),
    ):
        code, _, err = ltr_here(*command, cwd=folder, **node.environment("search_team"), LTR_RUNS=str(run))
        assert code == 0, err
    return str(run)
