"""compose.yaml and what may be laid over it: Compose's schema, our settings, and the rules of a safe container."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from as_container import container_environment

from ltr_plugin.service.configuration import Configuration, ServiceOptions
from ltr_plugin.settings import SECRETS, Settings, variable

FILES = sorted((Path(__file__).parents[2] / "docker").glob("compose*.yaml"))
SETTINGS = {*map(variable, Settings.model_fields), *(f"{variable(name)}_FILE" for name in SECRETS)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_file_has_composes_form(path, check):
    check("check-jsonschema", "--builtin-schema", "vendor.compose-spec", path)


@pytest.mark.parametrize("path", FILES[:-1], ids=lambda path: path.name)
def test_what_is_laid_over_it_changes_services_that_exist(path, compose):
    assert set(yaml.safe_load(path.read_text())["services"]) <= set(compose["services"])


def test_each_service_is_confined(compose):
    for name, service in compose["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert service["restart"] == ("no" if name == "ltr" else "unless-stopped"), name
        # our images have health checks of their own
        assert "healthcheck" in service or service["image"] in ("ltr-service", "ltr-worker"), name


def test_a_service_waits_until_those_that_it_needs_are_healthy(compose):
    for name, service in compose["services"].items():
        for other, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"}, name
            assert other in compose["services"], name


def test_images_have_versions(compose):
    for name, service in compose["services"].items():
        assert "build" in service or re.search(r":v?\d+\.\d+", service["image"]), name


def of_image(compose, image) -> dict:
    return {name: service for name, service in compose["services"].items() if service["image"] == image}


def workers(compose) -> dict:
    return of_image(compose, "ltr-worker")


def test_what_is_ours_gets_settings_that_exist_and_no_secret_in_a_variable(compose):
    for service in (*workers(compose).values(), *of_image(compose, "ltr-service").values()):
        environment = service["environment"]
        assert set(environment) <= SETTINGS
        assert set(map(variable, SECRETS)) & set(environment) <= {"OPENSEARCH_USER"}
        for path in (value for key, value in environment.items() if key.endswith(("_FILE", "_CA"))):
            assert path.removeprefix("/run/secrets/") in service["secrets"]
        assert float(environment["LTR_CORES"]) <= float(service["deploy"]["resources"]["limits"]["cpus"])


@pytest.fixture
def settings_of(secrets, monkeypatch):
    """The settings that a service has with the secrets as they are made, and no variable of the user."""

    def settings(service) -> Settings:
        for name in SETTINGS:
            monkeypatch.delenv(name, raising=False)
        for key, value in container_environment(service, secrets).items():
            monkeypatch.setenv(key, value)
        return Settings.from_env()

    return settings


def test_workers_can_use_the_secrets_as_they_are_made(compose, settings_of):
    for name, service in workers(compose).items():
        settings = settings_of(service)
        assert settings.opensearch_password, name
        assert settings.broker_url.endswith("@redis:6379/0"), name


def test_the_service_can_use_the_secrets_as_they_are_made(compose, settings_of, secrets):
    (service,) = of_image(compose, "ltr-service").values()
    settings = settings_of(service)
    assert settings.opensearch_password == (secrets / "opensearch_service_password").read_text().strip()
    configuration = Configuration.of(ServiceOptions(index="shop", loopback=False), settings)
    caller = configuration.keys.caller((secrets / "service_key").read_text().strip())
    assert (caller.name, caller.scopes) == ("storefront", {"search", "events"})
    assert configuration.page_key == Configuration.of(ServiceOptions(index="shop", loopback=False), settings).page_key


def test_the_docs_say_what_all_limits_add_up_to(compose):
    limits = [
        service["deploy"]["resources"]["limits"] for name, service in compose["services"].items() if name != "ltr"
    ]
    cores = sum(float(limit["cpus"]) for limit in limits)
    gigabytes = sum(float(limit["memory"][:-1]) / {"g": 1, "m": 1024}[limit["memory"][-1]] for limit in limits)
    page = (Path(__file__).parents[2] / "docs/deployment.md").read_text()
    assert f"{cores:.0f} cores and {gigabytes:.0f} GB" in page


def test_every_queue_has_a_worker_and_the_catalog_queue_exactly_one(compose):
    from ltr_plugin.broker.messages import CATALOG_QUEUE, QUEUES, queue_of

    read = []
    for name, service in workers(compose).items():
        command = service.get("command", [])
        for option, value in pairwise(command):
            read += [queue_of(value)] if option == "--modality" else []
            read += value.split(",") if option == "--queues" else []
        assert ("--beat" in command) == (name == "beat")
    assert set(read) == {*QUEUES, CATALOG_QUEUE}
    assert read.count(CATALOG_QUEUE) == 1


def test_secrets_are_those_that_the_script_makes(compose, secrets):
    made = {path.name for path in secrets.iterdir()}
    assert set(compose["secrets"]) | {"ca-key.pem", "service_key"} == made, "no container has these two"
    assert all(compose["secrets"][name] == {"file": f"secrets/{name}"} for name in compose["secrets"])
    for name, service in compose["services"].items():
        assert set(service.get("secrets", ())) <= made, name


def test_no_container_sees_more_of_this_folder_than_it_needs(compose, docker):
    for name, service in compose["services"].items():
        for volume in service.get("volumes", ()):
            source, _, rest = volume.partition(":")
            if source.startswith("./"):
                assert rest.endswith(":ro"), name
                assert (docker / source).exists(), f"{name}: {source}"
                assert source not in ("./", "./secrets"), name
            elif not source.startswith("$"):
                assert source in compose["volumes"], name


def test_roles_are_those_that_the_docs_have(docker):
    documented = docker.parent / "docs/roles/opensearch.json"
    if not documented.exists():
        pytest.skip("the docs have no roles")
    wanted = {change["path"]: change["value"] for change in json.loads(documented.read_text())}
    roles = yaml.safe_load((docker / "opensearch/roles.yml").read_text())
    assert {"catalog_worker", "search_service"} <= set(roles)
    for name, role in roles.items():
        assert role == wanted[f"/{name}"], name
    mapping = yaml.safe_load((docker / "opensearch/roles_mapping.yml").read_text())
    assert mapping == {name: {"backend_roles": [name]} for name in roles}
