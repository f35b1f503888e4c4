"""A bulk operation: begun once, joined where it is under way, waited for until it is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from winback.base.errors import WinbackError
from winback.pulling._client import Client, why_refused

_FIELDS: Final = "id status errorCode createdAt objectCount fileSize url query"
_RUN: Final = (
    "mutation winbackPull($query: String!) { bulkOperationRunQuery(query: $query) "
    f"{{ bulkOperation {{ {_FIELDS} }} userErrors {{ field message code }} }} }}"
)
_READ: Final = (
    "query winbackOperation($id: ID!) "
    f"{{ node(id: $id) {{ ... on BulkOperation {{ {_FIELDS} }} }} }}"
)
_CURRENT: Final = f"query winbackCurrent {{ currentBulkOperation {{ {_FIELDS} }} }}"
_UNDER_WAY: Final = frozenset({"CREATED", "RUNNING", "CANCELING"})
_CODE: Final = re.compile(r"\w{1,60}")
# Seconds between two looks, longer each time; and the longest that one command waits.
_FIRST_LOOK: Final = 1.0
_LONGEST_LOOK: Final = 30.0
MOST_SECONDS: Final = 4 * 3600.0


class OperationLostError(WinbackError):
    """An operation that is over without a file; the next pull begins it anew."""


@dataclass(frozen=True)
class Operation:
    """What the API says of one. The URL opens the file to anybody: it is never kept."""

    id: str
    status: str
    error_code: str
    created_at: datetime
    objects: int
    size: int
    url: str
    query: str

    @classmethod
    def read(cls, told: Any) -> Operation | None:
        """What came, or None where it is no operation."""
        try:
            return cls(
                id=str(told["id"]),
                status=str(told["status"]),
                error_code=str(told.get("errorCode") or ""),
                created_at=datetime.fromisoformat(told["createdAt"]),
                objects=int(told.get("objectCount") or 0),
                size=int(told.get("fileSize") or 0),
                url=str(told.get("url") or ""),
                query=str(told.get("query") or ""),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    @property
    def is_under_way(self) -> bool:
        return self.status in _UNDER_WAY


def begin(client: Client, query: str, tell: Callable[[int], None]) -> Operation:
    """Begin an operation, or join one that is under way with the same query.

    Another one, of this app or of whoever has its token, is waited for first.
    """
    waited = 0.0
    while True:
        told = client.ask(_RUN, {"query": query}).get("bulkOperationRunQuery") or {}
        errors = told.get("userErrors") or []
        if not errors:
            operation = Operation.read(told.get("bulkOperation"))
            if operation is None:
                raise WinbackError(f"{client.shop}: its API began no bulk operation. Next: again")
            return operation
        current = Operation.read(client.ask(_CURRENT).get("currentBulkOperation"))
        if not _is_in_progress(errors):
            raise WinbackError(why_refused(client.shop, errors, client.later))
        if current and current.is_under_way and _plain(current.query) == _plain(query):
            return current
        if current and current.is_under_way:
            waited += wait_for(client, current.id, tell, waited=waited)[1]
        else:
            waited += _FIRST_LOOK
            client.wait(_FIRST_LOOK)
        if waited > MOST_SECONDS:
            raise _too_long(client, "another bulk operation")


def look(client: Client, id: str) -> Operation | None:  # noqa: A002  # the API's word
    """An operation as it is now; None where the shop does not know it any more."""
    return Operation.read(client.ask(_READ, {"id": id}).get("node"))


def wait_for(
    client: Client,
    id: str,  # noqa: A002  # the API's word
    tell: Callable[[int], None],
    *,
    waited: float = 0.0,
) -> tuple[Operation, float]:
    """The operation when it is over, and how long that took."""
    seconds, pause = waited, _FIRST_LOOK
    while True:
        operation = look(client, id)
        if operation is None:
            raise OperationLostError(f"{client.shop} does not know the bulk operation any more")
        if not operation.is_under_way:
            return operation, seconds - waited
        tell(operation.objects)
        if seconds > MOST_SECONDS:
            raise _too_long(client, "the bulk operation")
        client.wait(pause)
        seconds, pause = seconds + pause, min(_LONGEST_LOOK, pause * 1.5)


def require_done(shop: str, name: str, operation: Operation) -> None:
    """Raise OperationLostError for an operation that did not end well."""
    if operation.status == "COMPLETED":
        return
    why = operation.status.lower() if _CODE.fullmatch(operation.status) else "unknown"
    if _CODE.fullmatch(operation.error_code):
        why += f", {operation.error_code}"
    scopes = ""
    if operation.error_code == "ACCESS_DENIED":
        scopes = " with the scopes of docs/sources.md, after installing the app again"
    raise OperationLostError(
        f"{shop}: the bulk operation for {name} ended without its data ({why}): nothing was "
        f"loaded. Next: winback pull{scopes}"
    )


def _is_in_progress(errors: Any) -> bool:
    return any(
        isinstance(it, dict)
        and (
            it.get("code") == "OPERATION_IN_PROGRESS"
            or "already in progress" in str(it.get("message"))
        )
        for it in errors
    )


def _plain(query: str) -> str:
    return "".join(query.split())


def _too_long(client: Client, what: str) -> WinbackError:
    return WinbackError(
        f"{client.shop}: {what} is under way for over {MOST_SECONDS / 3600:.0f} hours. Next: "
        "winback pull, later: it goes on from there"
    )
