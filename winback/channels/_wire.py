"""The wire: HTTP that never waits for ever, tries again or follows, on pooled connections."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

CONNECT_SECONDS: Final = 5.0
# In all, for one request; a full batch over a slow line takes most of it.
WRITE_SECONDS: Final = 20.0
# Silence: Twilio itself gives up by about 26 s, so 30 s turn most silences into answers.
READ_SECONDS: Final = 30.0
# A connection that has rested longer may just be closed by the server as we write to it, and
# then nobody knows what it took. A new one costs two round trips.
IDLE_SECONDS: Final = 5.0


class NotHandedOverError(Exception):
    """The request never left this machine whole, so no server can have acted on it."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it came; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    def value(self) -> Any:
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is anything else."""
        value = self.value()
        return value if isinstance(value, dict) else {}


class Wire:
    """Calls of one provider. Safe for several threads."""

    def __init__(self, *, pool_size: int) -> None:
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(pool_maxsize=pool_size, max_retries=0))

    def call(
        self,
        method: str,
        url: str,
        *,
        params: Any = None,
        data: Any = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Answer:
        """Make one request. Raises what `classify` knows how to read."""
        response = self._session.request(
            method,
            url,
            params=params,
            data=data,
            headers=headers,
            # Without one, requests would put what a .netrc says in place of our key.
            auth=auth or _as_it_is,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
        )
        names = {key.lower(): value for key, value in response.headers.items()}
        return Answer(response.status_code, names, response.content)

    def close(self) -> None:
        self._session.close()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class _ProvingMixin:
    """Tells a request that never left whole from one that may have been taken."""

    timeout: float | None
    used_at = 0.0
    _is_whole = False

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
            super().request(*args, **options)  # type: ignore[misc]
        except (BrokenPipeError, ConnectionResetError):
            # urllib3 reads on: a server may refuse a body that it has not read to its end.
            raise
        except Exception as error:
            raise NotHandedOverError(type(error).__name__) from error
        self._is_whole = True

    def getresponse(self) -> Any:
        try:
            response = super().getresponse()  # type: ignore[misc]
        except Exception as error:
            if self._is_whole:
                raise
            raise NotHandedOverError(type(error).__name__) from error
        self.used_at = time.monotonic()
        return response


class _Connection(_ProvingMixin, HTTPConnection):
    pass


class _SecureConnection(_ProvingMixin, HTTPSConnection):
    pass


class _FreshMixin:
    """Hands out no connection that has rested too long."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        if time.monotonic() - connection.used_at > IDLE_SECONDS:
            connection.close()
        return connection


class _Pool(_FreshMixin, HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(_FreshMixin, HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """requests' adapter over our pools, behind a proxy too."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager
