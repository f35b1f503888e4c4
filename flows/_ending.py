"""How a flow ends: in a state whose message holds its numbers."""

from __future__ import annotations

from typing import TypeVar, cast

from prefect.states import Cancelled, Completed

T = TypeVar("T")


def end_flow(message: str, data: T, name: str | None = None) -> T:
    """End the calling flow well: the UI shows `message`, the flow's caller gets `data`.

    `name` stands in the UI for the state's own, `Completed`.

    Prefect takes a returned state as the flow's last and hands its data on, which is what
    the cast says to a type checker.
    """
    return cast("T", Completed(message=message, data=data, name=name))


def cancel_flow(message: str, kind: type[T]) -> T:  # noqa: ARG001 - for the type alone
    """End the calling flow, which returns a `kind`, as cancelled: its caller gets CancelledRun."""
    return cast("T", Cancelled(message=message))
