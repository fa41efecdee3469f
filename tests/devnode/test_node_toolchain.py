import shutil
from pathlib import Path

import pytest

from ltr_plugin.devnode.toolchain import Jdk, find_jdk, find_maven
from ltr_plugin.errors import NodeError


def a_java(home: Path, version: str, *, javac: bool = True, java_home: Path | None = None) -> Path:
    """A folder whose java says what a real one says about itself."""
    tools = home / "bin"
    tools.mkdir(parents=True)
    java = tools / "java"
    java.write_text(
        f"#!/bin/sh\necho '    java.home = {java_home or home}' >&2\n"
        f"echo 'openjdk version \"{version}\" 2026-01-20' >&2\n"
    )
    java.chmod(0o755)
    if javac:
        (tools / "javac").touch(mode=0o755)
    return home


def test_java_home_comes_first(tmp_path: Path):
    named = a_java(tmp_path / "named", "25.0.2")
    path = a_java(tmp_path / "path", "21.0.1")
    found = find_jdk({"JAVA_HOME": str(named), "PATH": str(path / "bin")}, folders=())
    assert found == Jdk(named, 25)


def test_a_java_on_the_path_may_be_a_link(tmp_path: Path):
    home = a_java(tmp_path / "jvm" / "jdk-21", "21")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "java").symlink_to(home / "bin" / "java")
    assert find_jdk({"PATH": str(tools)}, folders=()) == Jdk(home, 21)


def test_a_shim_on_the_path_leads_to_the_folder_that_java_names(tmp_path: Path):
    real = a_java(tmp_path / "installs" / "jdk-24", "24.0.1")
    shims = tmp_path / "shims"
    a_java(tmp_path / "manager", "24.0.1", java_home=real).joinpath("bin").rename(shims)
    assert find_jdk({"PATH": str(shims)}, folders=()) == Jdk(real, 24)


def test_an_old_java_on_the_path_gives_way_to_the_oldest_folder_that_suffices(tmp_path: Path):
    old = a_java(tmp_path / "old", "17.0.9")
    for version in ("27", "25", "11", "1.8.0_392"):
        a_java(tmp_path / "jvm" / f"jdk-{version}", version)
    found = find_jdk({"PATH": str(old / "bin")}, folders=[str(tmp_path / "jvm" / "*")])
    assert found == Jdk(tmp_path / "jvm" / "jdk-25", 25)


def test_everything_that_was_looked_at_is_in_the_error(tmp_path: Path):
    eight = a_java(tmp_path / "eight", "1.8.0_392")
    runtime = a_java(tmp_path / "jvm" / "jre-21", "21.0.2", javac=False)
    locked = a_java(tmp_path / "jvm" / "locked-21", "21.0.2")
    broken = a_java(tmp_path / "jvm" / "broken", "21")
    (broken / "bin" / "java").write_text("#!/bin/sh\necho 'Unable to locate a Java Runtime.' >&2\nexit 1\n")
    with pytest.raises(NodeError) as failed:
        find_jdk(
            {"JAVA_HOME": str(tmp_path / "gone"), "PATH": str(eight / "bin")},
            folders=[str(tmp_path / "jvm" / "*")],
            usable=lambda path: locked not in path.parents,
        )
    assert str(failed.value).splitlines()[1:6] == [
        f"  {tmp_path}/gone/bin/java (JAVA_HOME): does not exist",
        f"  {eight}/bin/java (PATH): Java 8, too old",
        f"  {broken}/bin/java (found): does not run",
        f"  {runtime}/bin/java (found): Java 21, but without javac: a JRE, not a JDK",
        f"  {locked}/bin/java (found): Java 21, but the node's user may not run it",
    ]
    assert "openjdk-21-jdk" in str(failed.value)


def test_maven_is_found_on_the_path_or_in_its_home(tmp_path: Path):
    maven = tmp_path / "maven" / "bin" / "mvn"
    maven.parent.mkdir(parents=True)
    shutil.copy("/bin/sh", maven)
    assert find_maven({"PATH": str(maven.parent)}) == maven
    assert find_maven({"PATH": str(tmp_path), "MAVEN_HOME": str(tmp_path / "maven")}) == maven
    with pytest.raises(NodeError, match="package maven"):
        find_maven({"PATH": str(tmp_path)})
