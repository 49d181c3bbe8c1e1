"""One HTTP POST to an address that was checked before it is spoken to.

A URL in a workspace may name a host whose DNS answer changes between the check and the connection, or a server that
redirects to the inside of a network, or one that answers a byte a minute. So the name is resolved once, every address
it has is checked, the connection goes to a checked address (with the name for TLS and Host), redirects are not
followed, proxies of the environment are not asked, and the whole exchange has one time limit.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from jkpi.errors import SystemFailure

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ANSWER = 4096

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Answer:
    """The status of an answer; whatever else it says may hold secrets, and is not kept."""

    status: int


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float, allow_private: bool = False) -> Answer:
    """POST once.

    Raises:
        SystemFailure: no URL of the web, a private address that is not allowed, no answer in `timeout` seconds, or an
            answer that is no success. Neither the URL nor the answer is told.
    """
    place = _split(url)
    host, port = str(place.hostname), place.port or (443 if place.scheme == "https" else 80)
    addresses = checked_addresses(host, port, allow_private)
    path = (place.path or "/") + (f"?{place.query}" if place.query else "")
    connection = _Connection(host, port, addresses, place.scheme == "https", timeout)
    overdue = threading.Timer(timeout, connection.cut)
    overdue.daemon = True
    overdue.start()
    try:
        connection.request("POST", path, body, {"User-Agent": "jkpi", "Connection": "close", **headers})
        response = connection.getresponse()
        response.read(_ANSWER)
        status = response.status
    except ssl.SSLError:
        raise SystemFailure("its certificate or its TLS could not be accepted") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise SystemFailure(
            f"no answer within {timeout:g} seconds" if connection.was_cut else "it could not be reached"
        ) from None
    finally:
        overdue.cancel()
        connection.close()
    if 300 <= status < 400:
        raise SystemFailure(f"it answered with HTTP status {status}, and redirects are not followed")
    if not 200 <= status < 300:
        raise SystemFailure(f"it answered with HTTP status {status}")
    return Answer(status)


def checked_addresses(host: str, port: int, allow_private: bool) -> list[str]:
    """All addresses of a host, none of them private unless that is allowed: one private address refuses the host.

    Raises:
        SystemFailure: it has none, or one that is not allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SystemFailure("its name could not be resolved") from None
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise SystemFailure(
            "it is at an address of this machine or of a private network, which is refused",
            hint="if that is meant, write allow_private: true in jkpi.yml",
        )
    return addresses


def is_public(text: str) -> bool:
    """Whether an address belongs to the whole internet: not private, loopback, link-local, multicast or reserved.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, Teredo, NAT64) is as public as what it carries.
    """
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if not all(is_public(str(one)) for one in carried if one is not None):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def _split(url: str) -> SplitResult:
    try:
        place = urlsplit(url)
        valid = place.scheme in ("http", "https") and bool(place.hostname) and (place.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise SystemFailure("its URL is none of the web", hint="it begins with https:// or http://")
    return place


class _Connection(http.client.HTTPConnection):
    """A connection to one of the addresses given, whatever the host's name means by now."""

    def __init__(self, host: str, port: int, addresses: list[str], tls: bool, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._addresses, self._tls, self._limit = addresses, tls, timeout
        self.was_cut = False
        if tls:
            self.default_port = http.client.HTTPS_PORT  # a Host header without the usual port

    def connect(self) -> None:
        failure: OSError = OSError("no address")
        for address in self._addresses:
            try:
                self.sock = socket.create_connection((address, self.port), self._limit / len(self._addresses))
                break
            except OSError as error:
                failure = error
        else:
            raise failure
        self.sock.settimeout(self._limit)
        if self._tls:
            # The handshake is a step of its own, so that `cut` has the socket that waits in it.
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def cut(self) -> None:
        """The time is over: whoever waits for this socket wakes with an error."""
        self.was_cut = True
        sock = self.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                sock.close()
