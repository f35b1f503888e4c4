"""The wire: HTTP that never waits for ever, tries again or follows, on pooled connections."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import urldefragauth
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from winback.providers._bounds import BoundedResponse, parsed, read_body

CONNECT_SECONDS: Final = 5.0
# In all, for one request; a full batch over a slow line takes most of it.
WRITE_SECONDS: Final = 20.0
# In all, for one response: Twilio itself gives up by about 26 s, so 30 s turn most silences into
# responses.
READ_SECONDS: Final = 30.0
# A connection that has rested longer may just be closed by the server as we write to it, and
# then nobody knows what it took. A new one costs two round trips.
IDLE_SECONDS: Final = 5.0
# Ten times the longest page of a list that we ask for.
RESPONSE_MEGABYTES: Final = 32


class NotHandedOverError(Exception):
    """The request never left this machine whole, so no server can have acted on it."""


@dataclass(frozen=True)
class HttpResponse:
    """An HTTP response as it came; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    def value(self) -> Any:
        """The body as JSON; None if it is none, or nests deeper than anybody needs."""
        return parsed(self.body)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is anything else."""
        value = self.value()
        return value if isinstance(value, dict) else {}


class Wire:
    """Calls of one provider. Safe for several threads."""

    def __init__(self, *, pool_size: int, response_megabytes: int = RESPONSE_MEGABYTES) -> None:
        self._most_bytes = response_megabytes << 20
        self._adapter = _Adapter(pool_maxsize=pool_size, max_retries=0)
        self._servers: dict[tuple[str, ...], _Server] = {}

    def call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> HttpResponse:
        """Make one request. Raises what `classify` knows how to read.

        It goes straight to the pool: requests' own way there reads the environment before each
        call, takes keys from a .netrc, keeps cookies and follows redirects.
        """
        try:
            server = self._server(url)
            target = server.target(_with(url, params or {}))
            all_headers, body = _written(headers or {}, data, auth)
        except (OSError, ValueError) as error:
            raise NotHandedOverError(type(error).__name__) from error
        response = server.pool.urlopen(
            method,
            target,
            body=body,
            headers=all_headers,
            retries=False,
            redirect=False,
            assert_same_host=False,  # a proxy's pool carries the requests of others
            timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            preload_content=False,
        )
        body = self._body(response)
        # A header that came twice is one with both values.
        names = {key.lower(): response.headers[key] for key in response.headers}
        return HttpResponse(response.status, names, body)

    def _body(self, response: BaseHTTPResponse) -> bytes:
        try:
            return read_body(response, self._most_bytes)
        except BaseException:
            response.close()  # what is left of it must not be taken for the next response
            raise
        finally:
            response.release_conn()

    def close(self) -> None:
        self._servers.clear()  # they would keep their connections
        self._adapter.close()

    def _server(self, url: str) -> _Server:
        """Asked of the environment once: reading its proxies costs as much as half a call."""
        place = urlsplit(url)[:2]
        server = self._servers.get(place)
        if server is None:
            server = self._servers[place] = self._adapter.server(url)
            server.pool.most_bytes = self._most_bytes  # type: ignore[attr-defined]
        return server


def _with(url: str, params: Mapping[str, object]) -> str:
    return url + ("&" if "?" in url else "?") + _encoded(params) if params else url


def _written(
    headers: Mapping[str, str],
    data: Mapping[str, object] | bytes | None,
    auth: tuple[str, str] | None,
) -> tuple[dict[str, str], bytes | None]:
    """Headers and body as they cross the wire."""
    all_headers = {"Accept-Encoding": "gzip, deflate", **headers}
    if auth is not None:
        all_headers |= make_headers(basic_auth=":".join(auth))
    if isinstance(data, Mapping):
        all_headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return all_headers, _encoded(data).encode()
    return all_headers, data


def _encoded(values: Mapping[str, object]) -> str:
    return urlencode({key: value for key, value in values.items() if value is not None}, doseq=True)


@dataclass(frozen=True)
class _Server:
    """The connections to one server."""

    pool: HTTPConnectionPool
    # A proxy must be told with each request which server it is for.
    is_forwarded: bool

    def target(self, url: str) -> str:
        if self.is_forwarded:
            return str(urldefragauth(url))
        return urlunsplit(("", "", *urlsplit(url)[2:4], ""))


class _ProvingMixin:
    """Tells a request that never left whole from one that may have been taken."""

    timeout: float | None
    most_bytes = RESPONSE_MEGABYTES << 20
    used_at = 0.0
    _is_whole = False
    # What of a request is written together.
    _parts: list[bytes] | None = None

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except Exception as error:
            raise NotHandedOverError(type(error).__name__) from error

    def request(self, *args: Any, **options: Any) -> None:
        self._is_whole = False
        if self.is_closed:  # type: ignore[attr-defined]
            self.connect()
        self.timeout = WRITE_SECONDS
        try:
            self.send(self._whole(*args, **options))
        except (BrokenPipeError, ConnectionResetError):
            # urllib3 reads on: a server may refuse a body that it has not read to its end.
            raise
        except Exception as error:
            raise NotHandedOverError(type(error).__name__) from error
        self._is_whole = True

    def _whole(self, *args: Any, **options: Any) -> bytes:
        """Headers and body in one: two small packets cost both ends twice the work."""
        parts: list[bytes] = []
        self._parts = parts
        try:
            super().request(*args, **options)  # type: ignore[misc]
        finally:
            self._parts = None
        return b"".join(parts)

    def send(self, data: Any) -> None:
        if self._parts is None:
            super().send(data)  # type: ignore[misc]
        else:
            self._parts.append(data)

    def response_class(self, sock: Any, **options: Any) -> BoundedResponse:
        return BoundedResponse(sock, seconds=READ_SECONDS, most_bytes=self.most_bytes, **options)

    def getresponse(self) -> Any:
        try:
            response = super().getresponse()  # type: ignore[misc]
        except Exception as error:
            if self._is_whole:
                raise
            raise NotHandedOverError(type(error).__name__) from error
        self.used_at = time.monotonic()
        return response


class _Connection(_ProvingMixin, HTTPConnection):  # type: ignore[misc]
    pass


class _SecureConnection(_ProvingMixin, HTTPSConnection):  # type: ignore[misc]
    pass


class _FreshMixin:
    """Hands out no connection that has rested too long."""

    most_bytes = RESPONSE_MEGABYTES << 20

    def _get_conn(self, timeout: float | None = None) -> Any:
        try:
            connection = super()._get_conn(timeout)  # type: ignore[misc]
        except Exception as error:
            raise NotHandedOverError(type(error).__name__) from error
        if time.monotonic() - connection.used_at > IDLE_SECONDS:
            connection.close()
        connection.most_bytes = self.most_bytes
        return connection


class _Pool(_FreshMixin, HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(_FreshMixin, HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """What requests knows of servers: our pools, by the environment's proxies and certificates."""

    def server(self, url: str) -> _Server:
        request = requests.Request("GET", url).prepare()
        with requests.Session() as session:
            found = session.merge_environment_settings(url, {}, None, None, None)
        proxies, verify, cert = found["proxies"], found["verify"], found["cert"]
        pool: Any = self.get_connection_with_tls_context(
            request, verify, proxies=proxies, cert=cert
        )
        self.cert_verify(pool, request.url, verify, cert)  # type: ignore[no-untyped-call]
        return _Server(pool, self.request_url(request, proxies) != request.path_url)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager
