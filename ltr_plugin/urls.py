"""Addresses of services, checked; no message quotes what may be a part of a password."""

from urllib.parse import urlsplit

from ltr_plugin.credentials import split_addresses, user_in

_PORTS = {"http": 80, "https": 443}
"""The ports that browsers leave out."""


def check_cluster_urls(urls: str) -> list[str]:
    """The addresses of the hosts of a cluster, which are separated by commas. ValueError for another text."""
    hosts = split_addresses(urls)
    for url in hosts:
        if scheme_of(url, "https://search:9200") not in ("http", "https"):
            raise ValueError("begins with neither https:// nor http://")
        check_host(url)
    if len({user_in(url) for url in hosts}) > 1:
        raise ValueError("has hosts of different users; leave them out and set OPENSEARCH_USER and OPENSEARCH_PASSWORD")
    return hosts


def check_broker_urls(urls: str) -> None:
    """ValueError for the address of a known kind of broker that names no host; several are separated by `;`."""
    for url in urls.split(";"):
        if scheme_of(url, "redis://localhost") in ("redis", "rediss", "sentinel", "amqp", "amqps", "pyamqp"):
            check_host(url)


def check_service_url(url: str) -> str:
    """The address of a service below which its calls are. ValueError, which quotes nothing of it, for another text."""
    if scheme_of(url, "https://api.example.com/v1") not in ("http", "https"):
        raise ValueError("begins with neither https:// nor http://")
    check_host(url)
    if "@" in url:
        raise ValueError("has a user name or password; the service's key is LTR_EMBEDDINGS_API_KEY")
    if "?" in url or "#" in url:
        raise ValueError("has a ? or # in it; write the address up to before /embeddings")
    return url


def check_origin(origin: str) -> str:
    """The origin of pages as browsers write it; `*` stands for all. ValueError for another text."""
    if origin == "*":
        return origin
    scheme = scheme_of(origin, "https://shop.example.com")
    check_host(origin)
    parts = urlsplit(origin)
    if scheme not in _PORTS or parts.path not in ("", "/") or "@" in origin or "?" in origin or "#" in origin:
        raise ValueError("is no origin; write scheme, host and port alone, such as https://shop.example.com")
    return f"{scheme}://{parts.netloc.lower().removesuffix(f':{_PORTS[scheme]}')}"


def scheme_of(url: str, example: str) -> str:
    """The scheme of an address. ValueError when it has none, or what is no address."""
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme:
        raise ValueError(f"is no address; write one such as {example}")
    if not url.isprintable() or " " in url:
        raise ValueError("has a blank or a control character in it; write them as %20 and so on in a password")
    if any("@" in rest[rest.index(mark) :] for mark in "/?#" if mark in rest):
        raise ValueError("has a user name or password with / ? or # in it; write them as %2F, %3F and %23")
    return scheme.lower()


def check_host(url: str) -> None:
    """ValueError when an address names no host, or a port that is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("has a host or port that is none; a port is a number from 1 to 65535") from None
    if "," in (parts.hostname or ""):
        raise ValueError("has a comma in a host; write https:// or http:// before each host of a list")
    if not parts.hostname or port == 0:
        raise ValueError("names no host, or port 0; write localhost for this machine")


def cloud_address(cloud_id: str) -> str | None:
    """The address of a deployment in Elastic's cloud; None for what is no Cloud ID."""
    from elastic_transport.client_utils import parse_cloud_id

    try:
        address = parse_cloud_id(cloud_id).es_address
    except ValueError:
        return None
    return f"https://{address[0]}:{address[1]}" if address else None
