"""The Dockerfiles: a linter's rules, and ours."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DOCKERFILES = sorted((REPOSITORY / "docker").glob("*/Dockerfile"))


@pytest.fixture(params=DOCKERFILES, ids=lambda path: path.parent.name)
def dockerfile(request) -> str:
    return request.param.read_text()


def final_stage(dockerfile: str) -> list[str]:
    return dockerfile[dockerfile.rindex("\nFROM ") :].splitlines()


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_the_linter_has_no_remark(path, check):
    check("hadolint", path)


def test_an_image_does_not_run_as_root_and_tells_its_health(dockerfile):
    lines = final_stage(dockerfile)
    (user,) = [line.split()[1] for line in lines if line.startswith("USER ")][-1:]
    assert int(user) > 0
    assert [line for line in lines if line.startswith("HEALTHCHECK ")]
    assert not [line for line in lines if re.search(r"\b(uv|mvn|gcc)\b", line)], "a build tool is in the final image"


def test_each_base_image_has_a_version(dockerfile):
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)", dockerfile, re.MULTILINE))
    images = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert images
    for image in images:
        _, _, tag = re.sub(r"\$\{(\w+)\}", lambda name: defaults[name[1]], image).partition(":")
        assert re.match(r"\d+\.\d+", tag), f"{image} is of no certain version"


def test_what_is_copied_is_in_the_repository_and_in_the_build_context(dockerfile):
    sent = re.findall(r"^!(\S+)", (REPOSITORY / ".dockerignore").read_text(), re.MULTILINE)
    for line in re.findall(r"^COPY ((?!--from)[^\n]+)", dockerfile, re.MULTILINE):
        for source in line.split()[:-1]:
            if source == ".":
                continue
            assert list(REPOSITORY.glob(source)), f"{source} is not there"
            assert Path(source).parts[0] in sent, f"{source} is not sent to the builder"


def test_the_context_has_what_the_wheel_is_built_from():
    sent = re.findall(r"^!(\S+)", (REPOSITORY / ".dockerignore").read_text(), re.MULTILINE)
    wheel = (REPOSITORY / "pyproject.toml").read_text().partition("[tool.hatch.build.targets.wheel]")[2]
    listed = wheel.partition("\n[tool.ruff]")[0]
    sources = {path.split("/")[0] for path in re.findall(r'"([^"]+)" =', listed)} | {"ltr_plugin", "workers"}
    assert sources <= set(sent)


def version_in_pom(name: str) -> str | None:
    poms = [path.read_text() for path in (REPOSITORY / "engine").rglob("pom.xml")]
    return next((found[1] for pom in poms if (found := re.search(rf"<{name}>([\d.]+)</{name}>", pom))), None)


@pytest.mark.parametrize("engine", ["opensearch", "elasticsearch"])
def test_an_image_is_of_the_version_that_the_engine_is_built_for(engine):
    if not (wanted := version_in_pom(f"{engine}.version")):
        pytest.skip(f"the engine is not built for {engine}")
    text = (REPOSITORY / "docker" / engine / "Dockerfile").read_text()
    assert f"ARG {engine.upper()}_VERSION={wanted}\n" in text


def test_compose_runs_the_version_that_the_engine_is_built_for(compose):
    assert compose["services"]["opensearch"]["image"].endswith(f":{version_in_pom('opensearch.version')}")
