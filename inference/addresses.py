"""Where a worker may be: anywhere public, and in the networks that the operator names; never where a cloud keeps keys.

Asked when an address is entered, and again whenever one is connected to: the name of a machine may lead elsewhere by
then. What was looked at is what is connected to, and redirects are not followed.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx
from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import HttpUrl, TypeAdapter, ValidationError

Address = IPv4Address | IPv6Address

# Where clouds tell a machine its own credentials: allowed by nobody's setting.
METADATA = [
    ip_network(text)
    for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "168.63.129.16/32")
]
HTTP = TypeAdapter(HttpUrl)
TRANSLATED = ip_network("64:ff9b::/96")  # an IPv4 address, as networks without IPv4 write it

LONGEST = 200  # characters; the database keeps no more


class BadAddress(Exception):
    """No worker may be there; the words say why."""


def base_address(text: str) -> str:
    """A worker's base address in its one spelling. Raises BadAddress where the site would not ask there."""
    try:
        parts = HTTP.validate_python(text.strip())
    except ValidationError:
        raise BadAddress(_("it must be an address that begins with http:// or https://")) from None
    if parts.username or parts.password:
        raise BadAddress(_("a name or a password does not belong into it; a key is given by itself"))
    if parts.query is not None or parts.fragment is not None:
        raise BadAddress(_("nothing may follow a ? or a # in it"))
    url = str(parts).rstrip("/").removesuffix("/v1").rstrip("/")
    if len(url) > LONGEST:
        raise BadAddress(_("it is longer than {n} characters").format(n=LONGEST))
    try:
        found = socket.getaddrinfo((parts.host or "").strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadAddress(_("there is no machine of this name")) from None
    refuse_places([str(place[4][0]) for place in found])
    return url


def refuse_places(addresses: list[str]) -> None:
    """Raise BadAddress unless a worker may be at every one of them."""
    for text in addresses:
        if words := amiss(plain(ip_address(text.partition("%")[0]))):
            raise BadAddress(words)


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def amiss(address: Address) -> str:
    """Why no worker may be there; "" if one may."""
    if any(address in network for network in METADATA) or address.is_multicast or address.is_unspecified:
        return _("no worker may be at {address}").format(address=address)
    if address.is_global or any(address in network for network in settings.WORKER_NETWORKS):
        return ""
    return _("{address} is not public, and the site's WORKER_NETWORKS do not name it").format(address=address)


class Guarded(httpx.AsyncHTTPTransport):
    """Connects to where a worker may be and nowhere else; a request marked `anywhere` is let through.

    That mark is for addresses from the settings.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.extensions.get("anywhere"):
            return await super().handle_async_request(request)
        wrong: httpx.ConnectError | None = None
        for place in await self.places(request):
            try:
                return await super().handle_async_request(towards(request, place))
            except httpx.ConnectError as why:  # the next address of the same machine may be the one that listens
                wrong = why
        raise wrong or nowhere(request)

    async def places(self, request: httpx.Request) -> list[str]:
        if literal := literal_address(request.url.host):
            return looked_at([literal], request)
        try:
            async with asyncio.timeout(settings.WORKER_CONNECT_SECONDS):
                told = await asyncio.get_running_loop().getaddrinfo(request.url.host, None, type=socket.SOCK_STREAM)
        except (TimeoutError, OSError, UnicodeError):
            raise nowhere(request) from None
        return looked_at([str(place[4][0]) for place in told], request)


class GuardedAtOnce(httpx.HTTPTransport):
    """The same without an event loop."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        wrong: httpx.ConnectError | None = None
        for place in self.places(request):
            try:
                return super().handle_request(towards(request, place))
            except httpx.ConnectError as why:
                wrong = why
        raise wrong or nowhere(request)

    def places(self, request: httpx.Request) -> list[str]:
        if literal := literal_address(request.url.host):
            return looked_at([literal], request)
        try:
            told = socket.getaddrinfo(request.url.host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise nowhere(request) from None
        return looked_at([str(place[4][0]) for place in told], request)


def literal_address(host: str) -> str:
    """The address itself, where a host is given by it; else ""."""
    try:
        return str(ip_address(host))
    except ValueError:
        return ""


def nowhere(request: httpx.Request) -> httpx.ConnectError:
    return httpx.ConnectError("there is no machine of this name", request=request)


def looked_at(found: list[str], request: httpx.Request) -> list[str]:
    """The addresses, each once. Raises httpx.ConnectError unless a worker may be at all of them."""
    try:
        refuse_places(found)
    except BadAddress as why:
        raise httpx.ConnectError(str(why), request=request) from None
    return list(dict.fromkeys(found))


def towards(request: httpx.Request, place: str) -> httpx.Request:
    """The same request, to the address that was looked at; certificate and Host stay those of the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=place),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions | {"sni_hostname": request.url.host},
    )
