"""Automations of the server, as automations.yaml says them: what it does by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml
from prefect.automations import AutomationCore
from prefect.events.actions import ActionTypes, DoNothing, RunDeployment, SendNotification
from prefect.exceptions import ObjectNotFound

from winback.base.places import HOUSE_DIR

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient

    from winback.base.settings import Settings

FILE: Final = HOUSE_DIR / "automations.yaml"
TELL: Final = "tell/tell"
# `winback watch` tells it by the same settings, also while no worker runs.
_TOLD_BY_THE_WATCHDOG: Final = "winback: tell of a silent stage"
_SUBJECT: Final = "winback at {{ event.resource.name }}: {{ event.event }}"
_WHAT: Final = "{{ event.payload.what }}"
# What helps, where nobody is told.
ADVICE: Final = (
    "Next: make a block in Prefect's UI and name it in WINBACK_NOTIFY_BLOCK, or set "
    "WINBACK_WATCH_MAIL_TO or WINBACK_WATCH_WEBHOOK_URL and run winback deploy; then winback "
    "automations apply"
)


@dataclass(frozen=True)
class Automation:
    """One as it should be, how it stands on the server, and in a phrase what it does."""

    wanted: AutomationCore
    does: str
    state: Literal["applied", "changed", "missing"] = "missing"

    @property
    def tells_nobody(self) -> bool:
        return self.does.startswith("tells nobody")


def automations() -> list[AutomationCore]:
    """What the file says, each by a name of its own; those without actions tell people."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))["automations"]
    return [AutomationCore.model_validate(row) for row in rows]


def list_automations(client: SyncPrefectClient, settings: Settings) -> list[Automation]:
    """Each with its actions, beside what the server has under its name."""
    teller, how = _teller(client, settings)
    found = []
    for it in automations():
        wanted, does = it, "crashes the run"
        if not it.actions:
            actions, does = [teller], how
            if isinstance(teller, RunDeployment) and it.name == _TOLD_BY_THE_WATCHDOG:
                actions, does = [DoNothing()], "told by winback watch"
            wanted = it.model_copy(update={"actions": actions})
        known = client.read_automations_by_name(it.name)
        if not known:
            found.append(Automation(wanted, does))
        else:
            is_so = len(known) == 1 and _plain(known[0]) == _plain(wanted)
            found.append(Automation(wanted, does, "applied" if is_so else "changed"))
    return found


def apply_automations(client: SyncPrefectClient, settings: Settings) -> list[Automation]:
    """Create or replace each by its name, also one that was changed by hand.

    One that is as wanted stays: replaced, it would forget which runs it waits for.
    """
    found = list_automations(client, settings)
    for it in found:
        if it.state == "applied":
            continue
        known = client.read_automations_by_name(it.wanted.name)
        for repeated in known[1:]:
            client.delete_automation(repeated.id)
        if known:
            client.update_automation(known[0].id, it.wanted)
        else:
            client.create_automation(it.wanted)
    return [Automation(it.wanted, it.does, "applied") for it in found]


def _teller(client: SyncPrefectClient, settings: Settings) -> tuple[ActionTypes, str]:
    """How people are told, and the phrase for it."""
    if settings.notify_block:
        slug, _, name = settings.notify_block.partition("/")
        block = _block(client, slug, name)
        if block is None:
            return DoNothing(), (f"tells nobody: the server has no block {settings.notify_block}")
        return SendNotification(block_document_id=block, subject=_SUBJECT, body=_WHAT), (
            f"tells the block {settings.notify_block}"
        )
    ways = [
        name
        for name, value in (
            ("WINBACK_WATCH_WEBHOOK_URL", settings.watch_webhook_url.get_secret_value()),
            ("WINBACK_WATCH_MAIL_TO", settings.watch_mail_to),
        )
        if value
    ]
    if not ways:
        return DoNothing(), "tells nobody: no setting names anybody"
    try:
        deployment = client.read_deployment_by_name(TELL)
    except ObjectNotFound:
        return DoNothing(), "tells nobody: the deployment tell is missing"
    parameters = {"event": _jinja("{{ event.event }}"), "what": _jinja(_WHAT)}
    return RunDeployment.model_validate(
        {"source": "selected", "deployment_id": deployment.id, "parameters": parameters}
    ), f"tells {' and '.join(ways)}"


def _block(client: SyncPrefectClient, slug: str, name: str) -> UUID | None:
    try:
        return client.read_block_document_by_name(name, slug).id if name else None
    except ObjectNotFound:
        return None


def _jinja(template: str) -> dict[str, str]:
    return {"__prefect_kind": "jinja", "template": template}


def _plain(it: AutomationCore) -> Any:
    """What an automation says; the server adds ids of its own."""
    return AutomationCore.model_validate(it.model_dump()).model_dump(exclude={"tags"})
