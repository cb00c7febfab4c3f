"""Which address of this computer phones can reach, and how it is written in a page's address."""

from __future__ import annotations

import ipaddress
import socket

from bss_mfg.errors import InputError

_SOMEWHERE = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Addresses that belong to nobody (RFC 5737, RFC 3849)."""


def own_address(named: str | None = None) -> str:
    """The address to listen on: the one that was named, else the one that this computer uses in its network.

    `InputError` where it is none of one computer, or where there is no network.
    """
    if named is not None:
        return _checked(named)
    for address, family in _SOMEWHERE:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            try:
                asked.connect((address, 9))  # sends nothing: it only chooses a route
                return str(asked.getsockname()[0])
            except OSError:
                continue
    raise InputError(
        "this computer is in no network, so no phone can reach it",
        way_out="Connect it to the network of the phones, or name its address with --address.",
    )


def host_in_url(address: str) -> str:
    """An address as it stands in a URL: IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


def _checked(named: str) -> str:
    try:
        address = ipaddress.ip_address(named)
    except ValueError:
        raise InputError(
            f"{named[:60]!a} isn't an IP address",
            where="--address",
            way_out="Name one of this computer's, such as 192.168.1.20.",
        ) from None
    if address.is_unspecified or address.is_multicast:
        raise InputError(
            f"{named} is not the address of one computer",
            where="--address",
            way_out="Name the address that the phones reach: the page answers to that one only.",
        )
    return str(address)
