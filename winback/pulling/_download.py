"""The file of a bulk operation, fetched to the disk: what broke off is gone on with."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import requests
from urllib3.exceptions import HTTPError

from winback.base.errors import WinbackError

_TRIES: Final = 5
# Until a connection stands, and between two pieces of the file.
_TIMEOUTS: Final = (5.0, 30.0)
_PIECE_BYTES: Final = 1 << 20


class ExpiredError(Exception):
    """The URL opens nothing any more; the shop has to be asked for another one."""


def download(
    shop: str,
    url: str,
    size: int,
    path: Path,
    *,
    wait: Callable[[float], None],
    tell: Callable[[int], None],
) -> None:
    """Fetch the file. Raises ExpiredError, or WinbackError where it does not come whole.

    The URL is not the shop's: the token does not go there. No message holds it.
    """
    for attempt in range(_TRIES):
        if attempt:
            wait(2.0 ** (attempt - 1))
        if _fetch(url, path, tell) and (not size or path.stat().st_size == size):
            return
        if size and path.exists() and path.stat().st_size > size:
            path.unlink()
    have = path.stat().st_size if path.exists() else 0
    raise WinbackError(
        f"{shop}: {path.name} does not come whole ({have:,} of {size:,} bytes): nothing was "
        "loaded. Next: winback pull, which goes on from there"
    )


def _fetch(url: str, path: Path, tell: Callable[[int], None]) -> bool:
    """One try; whether the server says that this was all."""
    have = path.stat().st_size if path.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        # Without a .netrc and redirects: the file is where the shop says, and asks for no key.
        with requests.get(
            url, headers=headers, stream=True, timeout=_TIMEOUTS, allow_redirects=False, auth=_none
        ) as response:
            if response.status_code in {400, 401, 403, 404, 410}:
                raise ExpiredError
            if response.status_code == 416:
                path.unlink(missing_ok=True)
                return False
            if response.status_code not in {200, 206}:
                return False
            _keep(response, path, have if response.status_code == 206 else 0, tell)
    except (requests.RequestException, HTTPError):
        return False
    return True


def _none(request: Any) -> Any:
    return request


def _keep(response: Any, path: Path, have: int, tell: Callable[[int], None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)  # an erasure may have emptied it
    with path.open("ab" if have else "wb") as file:
        # What has come stays, also where the connection breaks off.
        while piece := response.raw.read1(_PIECE_BYTES):
            file.write(piece)
            have += len(piece)
            tell(have)
        file.flush()
        os.fsync(file.fileno())
