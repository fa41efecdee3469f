"""What images do when they are built or started: the scripts, run as a container runs them."""

import os
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmarks.lib.brokers import free_port

SCRIPTS = sorted((Path(__file__).parents[2] / "docker").rglob("*.sh"))


def run(*command: object, **environment: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
    )  # fmt: skip


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_linter_has_no_remark_and_the_script_can_be_executed(path, check):
    check("shellcheck", path)
    assert path.stat().st_mode & stat.S_IXUSR


def test_secrets_are_for_this_user_and_what_exists_is_kept(secrets, docker):
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    (secrets / "grafana_password").unlink()
    (secrets / "grafana_password").write_text("my own\n")
    assert run(docker / "make-secrets.sh", secrets).returncode == 0
    after = {path.name: path.read_bytes() for path in secrets.iterdir()}
    assert after == before | {"grafana_password": b"my own\n"}
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE((secrets / name).stat().st_mode) for name in ("ca-key.pem", "service_key")} == {0o400}
    passwords = {
        (secrets / name).read_text()
        for name in (
            "opensearch_admin_password",
            "opensearch_service_password",
            "opensearch_worker_password",
            "redis_password",
            "service_secret",
        )
    }
    assert len(passwords) == 5
    assert min(map(len, passwords)) > 40
    assert (
        secrets / "broker_url"
    ).read_text() == f"redis://:{(secrets / 'redis_password').read_text().strip()}@redis:6379/0\n"


@pytest.mark.parametrize("host", ["localhost", "opensearch"])
def test_the_certificate_is_valid_for_the_names_of_the_node(secrets, host):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(secrets / "node.pem", secrets / "node-key.pem")
    client = ssl.create_default_context(cafile=secrets / "ca.pem")
    client.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 does
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            with server.wrap_socket(listening.accept()[0], server_side=True) as connection:
                connection.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        plain = socket.create_connection(listening.getsockname())
        with client.wrap_socket(plain, server_hostname=host) as connection:
            connection.send(b"x")
        thread.join(10)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("redis-server"), reason="Redis is not installed")
def test_redis_asks_for_the_password_of_the_file(secrets, docker, tmp_path):
    port = free_port()
    command = [docker / "redis/start.sh", "--port", str(port), "--bind", "127.0.0.1"]
    environment = {**os.environ, "SECRETS": str(secrets), "REDIS_DATA": str(tmp_path)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        healthy = [docker / "redis/health.sh", "-p", port]
        until = time.monotonic() + 10
        while run(*healthy, SECRETS=secrets).returncode and time.monotonic() < until:
            time.sleep(0.1)
        assert run(*healthy, SECRETS=secrets).returncode == 0
        assert "NOAUTH" in run("redis-cli", "-p", port, "ping").stdout
        other = tmp_path / "redis_password"
        other.write_text("wrong")
        assert run(*healthy, SECRETS=tmp_path).returncode != 0
        arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
        assert (secrets / "redis_password").read_text().strip() not in arguments
        process.terminate()
        assert process.wait(10) == 0, "a signal to the container must reach Redis"
    finally:
        process.kill()
        process.wait()
    assert (tmp_path / "appendonlydir").is_dir(), "messages are lost when the queue starts again"


def test_opensearch_gets_certificates_and_users_in_a_folder_of_its_own(secrets, docker, tmp_path):
    home, conf = tmp_path / "opensearch", tmp_path / "conf"
    security, tools = home / "config/opensearch-security", home / "plugins/opensearch-security/tools"
    for folder in (security, tools, conf):
        folder.mkdir(parents=True)
    (home / "config/jvm.options").write_text("-Xms1g\n")
    for name in ("roles", "roles_mapping"):
        (security / f"{name}.yml").write_text(f"_meta: {{type: {name}}}\n")
    # the plugin's tool prints a warning first, and takes the password from the variable that it is told
    (tools / "hash.sh").write_text('echo warning; [ "$1" = -env ] && printenv "$2" | sha256sum | cut -d" " -f1\n')

    def start():
        return run(
            docker / "opensearch/start.sh", "sh", "-c", "echo $OPENSEARCH_PATH_CONF $OPENSEARCH_JAVA_OPTS",
            OPENSEARCH_HOME=home, OPENSEARCH_PATH_CONF=conf, SECRETS=secrets, OPENSEARCH_JAVA_OPTS="-Xmx1g",
        )  # fmt: skip

    began = start()
    assert began.returncode == 0, began.stderr
    assert began.stdout.startswith(f"{conf} ")
    assert "-Xmx1g" in began.stdout

    import yaml

    users = yaml.safe_load((conf / "opensearch-security/internal_users.yml").read_text())
    assert set(users) == {"_meta", "admin", "ltr_service", "ltr_worker"}
    assert len({user["hash"] for name, user in users.items() if name != "_meta"}) == 3
    roles = yaml.safe_load((conf / "opensearch-security/roles.yml").read_text())
    mapping = yaml.safe_load((conf / "opensearch-security/roles_mapping.yml").read_text())
    assert roles["_meta"] == {"type": "roles"}, "the image's own roles are kept"
    for user, wanted in (("ltr_worker", "catalog_worker"), ("ltr_service", "search_service")):
        assert users[user]["backend_roles"] == mapping[wanted]["backend_roles"] == [wanted]
        assert wanted in roles
    settings = yaml.safe_load((conf / "opensearch.yml").read_text())
    for name, value in settings.items():
        assert not name.endswith("_filepath") or (conf / value).is_file(), name
    assert (conf / "jvm.options").exists()
    written = [path for path in conf.rglob("*") if path.is_file()]
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in written)
    for name in ("opensearch_admin_password", "opensearch_service_password", "opensearch_worker_password"):
        assert not any((secrets / name).read_bytes().strip() in path.read_bytes() for path in written)
    assert sorted(path.name for path in security.iterdir()) == ["roles.yml", "roles_mapping.yml"], (
        "the image is changed"
    )


def test_elasticsearch_gets_a_configuration_that_it_may_write(docker, tmp_path):
    (tmp_path / "home/config/jvm.options.d").mkdir(parents=True)
    (tmp_path / "home/config/elasticsearch.yml").write_text("cluster.name: a\n")
    (tmp_path / "conf").mkdir()
    script = docker / "elasticsearch/start.sh"
    began = run(script, "printenv", "ES_PATH_CONF", ES_HOME=tmp_path / "home", ES_PATH_CONF=tmp_path / "conf")
    assert began.stdout.strip() == str(tmp_path / "conf")
    assert sorted(path.name for path in (tmp_path / "conf").iterdir()) == ["elasticsearch.yml", "jvm.options.d"]


@pytest.mark.slow
def test_a_worker_is_installed_with_what_it_needs(docker, tmp_path):
    """Without encoders, whose packages are of several GB; nothing of PyTorch is asked for then."""
    environment = tmp_path / "environment"
    assert run(docker / "install-ltr.sh", environment, "tpu", "queue").returncode == 1
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = run(docker / "install-ltr.sh", environment, "cpu", "queue", PATH=path, PYTHONPATH="")
    assert done.returncode == 0, done.stderr
    shown = run(environment / "bin/ltr", "worker", "--help", PYTHONPATH="")
    assert "--modality" in shown.stdout, shown.stderr
    versions = {line.strip() for line in (docker.parent / "constraints.txt").read_text().splitlines()}
    installed = run("uv", "pip", "freeze", "--python", environment / "bin/python", PATH=path).stdout.splitlines()
    others = [line for line in installed if "@" not in line]
    assert len(others) > 20
    assert {line.lower() for line in others} <= versions
    assert list(environment.glob("lib/*/site-packages/celery/__pycache__/*.pyc")), "a container cannot write byte code"
