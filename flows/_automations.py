"""Automations of the server: what it does by itself when a run gives no sign of life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from prefect.automations import AutomationCore
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture

from flows._stale import SILENT, TAG

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

_RUN: Final = "prefect.flow-run."
_ENDS: Final = {f"{_RUN}{name}" for name in ("Completed", "Failed", "Cancelled", "Crashed")}
_LIVES: Final = {f"{_RUN}heartbeat", f"{_RUN}Running"}
# A state with a name of ours, or of Prefect's, has an event of that name.
_OTHER_ENDS: Final = {f"{_RUN}{name}" for name in ("Nothing new", "TimedOut", "RolledBack")}
_WAITS: Final = {
    f"{_RUN}{name}" for name in ("Scheduled", "Late", "AwaitingRetry", "AwaitingConcurrencySlot")
}


def automations() -> list[AutomationCore]:
    """What the server should do, each by a name of its own."""
    ended = _ENDS | _OTHER_ENDS | _WAITS
    return [
        _crash(
            "winback: crash a run that gives no sign of life",
            after=_LIVES,
            expect=_LIVES | ended,
            why="No sign of life for five minutes: its process is gone.",
        ),
        _crash(
            "winback: crash a run that never began",
            after={f"{_RUN}Pending"},
            expect=_LIVES | ended,
            why="It was to begin five minutes ago and has not: its worker is gone.",
        ),
    ]


def apply_automations(client: SyncPrefectClient) -> list[str]:
    """Create or replace each by its name, also one that was changed by hand; their names.

    One that is as wanted stays: replaced, it would forget which runs it waits for.
    """
    names = []
    for wanted in automations():
        names.append(wanted.name)
        known = client.read_automations_by_name(wanted.name)
        for it in known[1:]:
            client.delete_automation(it.id)
        if not known:
            client.create_automation(wanted)
        elif _plain(known[0]) != _plain(wanted):
            client.update_automation(known[0].id, wanted)
    return names


def _plain(it: AutomationCore) -> Any:
    """What an automation says; the server adds ids of its own."""
    return AutomationCore.model_validate(it.model_dump()).model_dump(exclude={"tags"})


def _crash(name: str, *, after: set[str], expect: set[str], why: str) -> AutomationCore:
    return AutomationCore(
        name=name,
        description="Applied by `winback doctor --repair` and `winback up`.",
        trigger=EventTrigger(
            after=after,
            expect=expect,
            match={"prefect.resource.id": f"{_RUN}*"},
            # Of ours alone: a server may serve others too.
            match_related={
                "prefect.resource.id": f"prefect.tag.{TAG}",
                "prefect.resource.role": "tag",
            },
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENT,
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                state=StateType.CRASHED,
                message=f"{why} Run again.",
                force=False,
            )
        ],
    )
