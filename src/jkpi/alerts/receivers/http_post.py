"""One HTTP POST, only to an address that is allowed.

A URL in a workspace may name a host whose DNS answer changes between check and connection, a server that redirects into
a private network, or one that answers one byte a minute. So the name is resolved once and each of its addresses is
checked; the connection goes to a checked address (with the name for TLS and Host); redirects are not followed, proxies
of the environment are ignored, and the whole exchange has one time limit.
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
_MAX_RESPONSE_BYTES = 4096

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class PostResult:
    """The status of the response. Its body may contain secrets and is not kept."""

    status: int


def post_once(
    url: str, body: bytes, headers: Mapping[str, str], timeout: float, allow_private: bool = False
) -> PostResult:
    """POST once.

    Raises:
        SystemFailure: the URL is not http(s), the address is private and not allowed, there is no answer within
            `timeout` seconds, or the status is not 2xx. The error shows neither the URL nor the response.
    """
    url_parts = _split(url)
    host, port = str(url_parts.hostname), url_parts.port or (443 if url_parts.scheme == "https" else 80)
    addresses = checked_addresses(host, port, allow_private)
    path = (url_parts.path or "/") + (f"?{url_parts.query}" if url_parts.query else "")
    connection = _Connection(host, port, addresses, url_parts.scheme == "https", timeout)
    timer = threading.Timer(timeout, connection.abort)
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", path, body, {"User-Agent": "jkpi", "Connection": "close", **headers})
        response = connection.getresponse()
        response.read(_MAX_RESPONSE_BYTES)
        status = response.status
    except ssl.SSLError:
        raise SystemFailure("its TLS certificate could not be verified") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise SystemFailure(
            f"no answer within {timeout:g} seconds" if connection.was_cut else "it could not be reached"
        ) from None
    finally:
        timer.cancel()
        connection.close()
    if 300 <= status < 400:
        raise SystemFailure(f"it answered with HTTP status {status}, and redirects are not followed")
    if not 200 <= status < 300:
        raise SystemFailure(f"it answered with HTTP status {status}")
    return PostResult(status)


def checked_addresses(host: str, port: int, allow_private: bool) -> list[str]:
    """All addresses of a host. One private address is enough to refuse the host, unless private ones are allowed.

    Raises:
        SystemFailure: the host has no address, or one that is not allowed.
    """
    try:
        resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SystemFailure("its name could not be resolved") from None
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in resolved))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise SystemFailure(
            "it is at an address of this machine or of a private network, which is refused",
            hint="if this is intended, set allow_private: true in jkpi.yml",
        )
    return addresses


def is_public(text: str) -> bool:
    """Whether an address is public: not private, loopback, link-local, multicast or reserved.

    An IPv6 address that embeds an IPv4 address (mapped, 6to4, Teredo, NAT64) is public only if that one is.
    """
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        embedded = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            embedded.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if not all(is_public(str(embedded_address)) for embedded_address in embedded if embedded_address is not None):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def _split(url: str) -> SplitResult:
    try:
        url_parts = urlsplit(url)
        is_valid = url_parts.scheme in ("http", "https") and bool(url_parts.hostname) and (url_parts.port or 1) > 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise SystemFailure("its URL is not a web address", hint="it must begin with https:// or http://")
    return url_parts


class _Connection(http.client.HTTPConnection):
    """A connection to one of the given addresses, without resolving the host again."""

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
            # The handshake is a separate step, so that `abort` can reach a socket that waits in it.
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def abort(self) -> None:
        """The time limit has passed: a thread that waits for this socket gets an error."""
        self.was_cut = True
        sock = self.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                sock.close()
