"""Settings: what users state of addresses, secrets and limits."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AliasGenerator, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from ltr_plugin.credentials import check_certificates, check_text, check_token, user_in
from ltr_plugin.environment import CLUSTER, Environment, read_environment, renamed
from ltr_plugin.errors import InputError, Problem
from ltr_plugin.setting_types import (
    Folders,
    Names,
    NestedThreads,
    Networks,
    NonNegativeInt,
    Origins,
    Port,
    PositiveInt,
    Seconds,
)
from ltr_plugin.urls import check_broker_urls, check_cluster_urls, check_service_url, cloud_address
from ltr_plugin.validation import message_of

_UNPREFIXED = ("opensearch_", "elasticsearch_", "omp_")

SECRETS = (
    "opensearch_user",
    "opensearch_password",
    "opensearch_api_key",
    "opensearch_bearer_token",
    "broker_url",
    "embeddings_api_key",
    "service_keys",
    "service_secret",
)
"""Settings that a file may hold, which the variable's name with `_FILE` names."""

_WAYS = ("opensearch_user", "opensearch_api_key", "opensearch_bearer_token", "opensearch_aws_region")


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return field.upper() if field.startswith(_UNPREFIXED) else f"LTR_{field.upper()}"


class Settings(BaseSettings):
    """Addresses, secrets and limits. The constructor takes them as arguments; `from_env` reads the environment."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        case_sensitive=True,
        populate_by_name=True,
        alias_generator=AliasGenerator(validation_alias=variable),
    )

    opensearch_url: str | None = Field(
        None,
        repr=False,
        description="Cluster, such as https://search:9200; several hosts of it are separated by commas. If unset, the "
        "development node is used.",
    )
    opensearch_user: str | None = Field(None, description="User name for basic authentication.")
    opensearch_password: str | None = Field(None, repr=False, description="Password of that user.")
    opensearch_api_key: str | None = Field(None, repr=False, description="API key, instead of a user.")
    opensearch_bearer_token: str | None = Field(None, repr=False, description="Bearer token, instead of a user.")
    elasticsearch_cloud_id: str | None = Field(
        None, description="Cloud ID of a deployment in Elastic's cloud, instead of an address."
    )
    opensearch_aws_region: str | None = Field(
        None,
        pattern="^[a-z0-9-]+$",
        description="Region of a cluster at AWS, such as eu-west-1: requests are signed, instead of a user.",
    )
    opensearch_aws_service: Literal["es", "aoss"] = Field(
        "es", description="Service of that cluster: es, or aoss for one that is serverless."
    )
    opensearch_ca: Path | None = Field(
        None, description="File with the certificate authority that signed the cluster's certificate."
    )
    broker_url: str | None = Field(
        None,
        repr=False,
        description="Celery broker, such as redis://localhost. If unset, a folder in the run folder is the queue.",
    )
    redis_sentinel_master: str | None = Field(
        None, description="Name of the master, where the broker is sentinel://HOST:26379 (several: separated by `;`)."
    )
    runs: Path = Field(Path("runs"), description="Run folder: node, queue, encoders and rankers that are made here.")
    media_root: Folders = Field(
        (),
        description=f"Folders that a worker may read media from, separated by `{os.pathsep}`; without them it reads "
        "URLs only. The first one stands for the media folder of an index that lies in none of them.",
    )
    allow_private_media: Networks = Field(
        (),
        description="Private networks that media may be fetched from, such as 10.1.0.0/16, separated by commas; 1: all "
        "private and loopback addresses. Link-local and metadata addresses are never allowed.",
    )
    embeddings_url: str | None = Field(
        None,
        description="Service of the encoders `http:MODEL`, up to before /embeddings, such as https://api.example.com/v1.",
    )
    embeddings_api_key: str | None = Field(None, repr=False, description="Key of that service.")
    cores: PositiveInt | None = Field(
        None, description="Cores for encoders. If unset, the number in OMP_NUM_THREADS, else all."
    )
    omp_num_threads: NestedThreads | None = Field(
        None, description="Threads of numeric libraries, as OpenMP defines it; also the cores if LTR_CORES is unset."
    )
    batch_size: PositiveInt | None = Field(
        None,
        description="Items that an encoder processes together. If unset, what suits it on a CPU, and on a GPU what is "
        "measured to be fastest.",
    )
    cached_texts: NonNegativeInt = Field(
        8192, description="Texts whose vectors an encoder keeps: fields with the same text encoder share its work."
    )
    compile: bool = Field(
        False, description="1: torch compiles encoders at their first batch. Useful for long work on a GPU."
    )
    sweep_indices: Names = Field(
        (), description="Indices, separated by commas, whose backlog `celery beat` sends to the workers again."
    )
    sweep_period_s: Seconds = Field(300.0, description="Seconds between two sweeps.")
    retry_timeout_s: Seconds = Field(
        120.0, description="Seconds that a worker repeats a call to a cluster that is busy or unreachable."
    )
    redis_visibility_timeout_s: Seconds = Field(
        900.0,
        description="Seconds after which Redis hands out the tasks of a dead worker again; longer than any task takes.",
    )
    metrics_port: Port | None = Field(
        None, description="Port on which a worker serves /metrics and /healthz. If unset, it serves neither."
    )
    metrics_host: str = Field("127.0.0.1", description="Address of that port.")
    log_format: Literal["text", "json"] = Field(
        "text", description="Format of a worker's log lines: text, or json with one object a line."
    )
    service_keys: str | None = Field(
        None, repr=False, description="Keys of `ltr serve`: `name:scopes:hash` each, made with `ltr serve --new-key`."
    )
    service_secret: str | None = Field(
        None,
        repr=False,
        min_length=16,
        description="Secret by which `ltr serve` signs query ids. If unset, another one at each start.",
    )
    service_public_key: str | None = Field(
        None,
        min_length=16,
        description="The key of `ltr serve` that its page, and pages of other origins, show to everybody. If unset, it "
        "is made of the secret.",
    )
    service_origins: Origins = Field(
        (),
        description="Origins of other pages that may call `ltr serve`, such as https://shop.example.com, separated by "
        "commas.",
    )
    service_proxies: Networks = Field(
        (),
        description="Networks of the proxies in front of `ltr serve`, such as 10.1.0.0/16, separated by commas: their "
        "X-Forwarded-For says which address a request is from. If unset, that of a proxy on loopback does.",
    )
    service_options: str | None = Field(None, description="Options of `ltr serve`. Set by the command.")
    worker_parent: PositiveInt | None = Field(
        None, description="Process id of the command that started this worker, which ends with it. Set by commands."
    )

    _names_of_cluster: str = CLUSTER

    @classmethod
    def from_env(cls) -> "Settings":
        """The settings of the environment; an empty variable counts as absent, and blanks around a value do not count.

        Those of the cluster may begin with ELASTICSEARCH_ too. The file that `NAME_FILE` names has the value of a
        secret NAME. InputError lists every variable whose value cannot be used.
        """
        return _parse(read_environment(map(variable, cls.model_fields), map(variable, SECRETS)))

    @property
    def cluster_url(self) -> str | None:
        """The address of the cluster, if one is stated."""
        return cloud_address(self.elasticsearch_cloud_id) if self.elasticsearch_cloud_id else self.opensearch_url

    def in_variables(self, text: str) -> str:
        """A message with the variables of the cluster as they are named in the environment."""
        return renamed(text, self._names_of_cluster)

    @classmethod
    def settings_customise_sources(  # type: ignore[override]
        cls, *_: object, init_settings: PydanticBaseSettingsSource, **__: object
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments only: settings made in code do not depend on the environment."""
        return (init_settings,)

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: object, info: ValidationInfo) -> object:
        return value.strip() if isinstance(value, str) and info.field_name != "opensearch_password" else value

    @field_validator("opensearch_url")
    @classmethod
    def _check_cluster(cls, url: str | None) -> str | None:
        if url:
            check_cluster_urls(url)
        return url

    @field_validator("elasticsearch_cloud_id")
    @classmethod
    def _check_cloud_id(cls, cloud_id: str | None) -> str | None:
        if cloud_id and not cloud_address(cloud_id):
            raise ValueError("is no Cloud ID; copy it from the page of the deployment: NAME:LETTERS")
        return cloud_id

    @field_validator("broker_url")
    @classmethod
    def _check_broker(cls, url: str | None) -> str | None:
        if url:
            check_broker_urls(url)
        return url

    @field_validator("embeddings_url")
    @classmethod
    def _check_embeddings(cls, url: str | None) -> str | None:
        return url and check_service_url(url)

    @field_validator("opensearch_user", "opensearch_password")
    @classmethod
    def _check_secret(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and ":" in value and info.field_name == "opensearch_user":
            raise ValueError("has a colon, which a user name cannot have; write the password to OPENSEARCH_PASSWORD")
        return value and check_text(value)

    @field_validator("opensearch_api_key", "opensearch_bearer_token", "embeddings_api_key", "service_public_key")
    @classmethod
    def _check_token(cls, value: str | None) -> str | None:
        return value and check_token(value)

    @field_validator("opensearch_ca")
    @classmethod
    def _check_certificates(cls, path: Path | None) -> Path | None:
        return path and check_certificates(path)

    @model_validator(mode="after")
    def _check_together(self) -> "Settings":
        if self.opensearch_password and not self.opensearch_user:
            raise ValueError("OPENSEARCH_PASSWORD is set, and OPENSEARCH_USER is not; set both")
        if self.opensearch_aws_service != "es" and not self.opensearch_aws_region:
            raise ValueError("OPENSEARCH_AWS_SERVICE is set, and OPENSEARCH_AWS_REGION is not; set both")
        if self.elasticsearch_cloud_id and self.opensearch_url:
            raise ValueError("OPENSEARCH_URL and ELASTICSEARCH_CLOUD_ID are set; set one of them")
        ways = {variable(field): getattr(self, field) for field in _WAYS}
        ways["the user in OPENSEARCH_URL"] = self.opensearch_url and user_in(self.opensearch_url)
        if len(stated := [name for name, value in ways.items() if value]) > 1:
            raise ValueError(f"{', '.join(stated[:-1])} and {stated[-1]} are set; set one of them, and no other")
        if (self.broker_url or "").startswith("sentinel://") and not self.redis_sentinel_master:
            raise ValueError("LTR_REDIS_SENTINEL_MASTER is not set; name the master that the Sentinels watch")
        return self


@lru_cache(maxsize=16)  # pydantic-settings takes a millisecond, and encoders ask at every batch
def _parse(environment: Environment) -> Settings:
    source = EnvSettingsSource(Settings)
    source.env_vars = dict(environment.values)
    try:
        settings = Settings(**source())
    except ValidationError as error:
        problems = [
            Problem(environment.place("".join(map(str, one["loc"][:1]))), renamed(message_of(one), environment.prefix))
            for one in error.errors(include_url=False)
        ]
        raise InputError("environment", problems) from None
    settings._names_of_cluster = environment.prefix
    return settings


def describe() -> Mapping[str, str]:
    """Every environment variable with its meaning and default, for documentation and `ltr doctor`."""
    return {
        variable(name): f"{field.description} Default: {_shown(field.default)}."
        if field.default not in (None, False, ())
        else str(field.description)
        for name, field in Settings.model_fields.items()
    }


def _shown(default: object) -> str:
    return f"{default:g}" if isinstance(default, float) else str(default)
