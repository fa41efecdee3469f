"""Which addresses media may be fetched from: public ones, and private networks that the settings allow.

Link-local addresses, which clouds give metadata and credentials at, are never allowed.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NEVER: Sequence[Network] = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16",  # link-local; metadata of AWS, Google, Azure, Oracle and others
            "fe80::/10",
            "fd00:ec2::/32",  # AWS
            "fd20:ce::254/128",  # Google
            "100.100.100.200/32",  # Alibaba
            "168.63.129.16/32",  # Azure
            "192.0.0.192/32",  # Oracle
            "224.0.0.0/4",
            "ff00::/8",
        ),
    )
)
"""Networks that no setting allows."""

NAT64 = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48")))
COMPATIBLE = IPv6Network("::/96")


def is_denied(address: str) -> bool:
    """Whether no setting allows the address."""
    return any(_contains(NEVER, one) for one in _forms(address))


def is_allowed(address: str, private: Sequence[Network]) -> bool:
    """Whether media may be fetched from this address: it is public, or in one of the `private` networks."""
    return not is_denied(address) and all(_is_public(one) or _contains(private, one) for one in _forms(address))


def _forms(address: str) -> Iterator[Address]:
    """The addresses that are reached through this one: those of IPv4 that an IPv6 address holds, else itself."""
    parsed = ip_address(address.partition("%")[0])
    held = _held(parsed) if isinstance(parsed, IPv6Address) else ()
    yield from held or (parsed,)


def _held(address: IPv6Address) -> Sequence[IPv4Address]:
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    in_compatible = address in COMPATIBLE and int(address) > 0xFFFF  # :: and ::1 are not
    return (low,) if in_compatible or any(address in network for network in NAT64) else ()


def _contains(networks: Sequence[Network], address: Address) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    return address.is_global and not address.is_reserved and not address.is_multicast
