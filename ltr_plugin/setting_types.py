"""Types of settings: what a variable's text means."""

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from ltr_plugin.urls import check_origin


def _names(value: object) -> object:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


def _folders(value: object) -> object:
    if isinstance(value, str):
        return tuple(Path(folder) for folder in value.split(os.pathsep) if folder)
    return (value,) if isinstance(value, Path) else value


def _networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.strip().lower() in ("1", "true", "yes", "on"):
        return ip_network("0.0.0.0/0"), ip_network("::/0")
    if value.strip().lower() in ("0", "false", "no", "off"):
        return ()
    return tuple(_network(text) for text in map(str.strip, value.split(",")) if text)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"write 1, or networks such as 10.1.0.0/16,fd00::/8, not {text!r}") from None


def _outermost(value: object) -> object:
    return value.partition(",")[0] if isinstance(value, str) else value


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Port = Annotated[int, Field(ge=1, le=65535)]

Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]
"""Names, separated by commas."""

Origins = Annotated[tuple[Annotated[str, AfterValidator(check_origin)], ...], NoDecode, BeforeValidator(_names)]
"""Origins of pages, separated by commas."""

Folders = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_folders)]
"""Folders, separated as in PATH."""

Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]
"""Networks, separated by commas, or 1 for all and 0 for none."""

NestedThreads = Annotated[PositiveInt, BeforeValidator(_outermost)]
"""A number of threads. OpenMP allows a list with one for each nesting level, of which this is the first."""
