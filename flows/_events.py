"""What happened at the shop, as events of Prefect's server, where automations hear of it.

An event has counts, opaque ids and a sentence, never anything personal: every user of the UI sees
it. Whoever tells one goes on where no server hears it, and needs no Prefect until there is news.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from flows._prefect import find_server, quiet_prefect
from flows._server import is_server_named
from winback.base.settings import Settings
from winback.base.whole import written_whole

EventName = Literal[
    "winback.source.stale",
    "winback.gate.failed",
    "winback.breaker.opened",
    "winback.approval.asked",
    "winback.send.finished",
    "winback.unknown.old",
    "winback.verdict.reached",
    "winback.watch.silent",
]
# A server that is slow or gone holds nobody up for longer.
_SECONDS: Final = 3.0
# So many things of a kind are named in one event; its count is of all.
_MOST: Final = 20

log = logging.getLogger(__name__)


def shop_resource(settings: Settings) -> dict[str, str]:
    """The shop that an event is about, as Prefect names things."""
    slug = re.sub(r"\W+", "-", settings.brand_name.lower()).strip("-") or "shop"
    return {
        "prefect.resource.id": f"winback.shop.{slug}",
        "prefect.resource.name": settings.brand_name,
        "winback.brand": settings.brand_name,
    }


def emit(settings: Settings, event: EventName, what: str, **payload: Any) -> bool:
    """Tell the server of one happening: `what` is a sentence. Whether it was heard."""
    try:
        return _post(settings, event, {"what": what, **payload})
    except Exception as error:  # noqa: BLE001  # no run ends because nobody hears of it
        log.warning("Prefect's server did not hear of %s (%s)", event, type(error).__name__)
        return False


def emit_news(
    settings: Settings,
    event: EventName,
    standing: Mapping[str, Mapping[str, Any]],
    *,
    what: str = "",
    part: str = "",
    **payload: Any,
) -> None:
    """Tell of what stands now and did not stand when this was last called, in one event.

    `standing` has a key for each thing and what to say of it, with a sentence under `what` where no
    other says it for all. What lasts is told once; what ended and comes back is told again; what
    nobody heard is told the next time. A caller that knows a part of what stands names the part.
    """
    path = settings.control_room_dir / "told" / f"{event}{'.' if part else ''}{part}.json"
    told = _told(path.read_text(encoding="utf-8")) if path.exists() else set()
    news = [key for key in standing if key not in told]
    if news:
        rows = [dict(standing[key]) for key in news[:_MOST]]
        line = what or "; ".join(row["what"] for row in rows)
        if not emit(settings, event, line, count=len(news), news=rows, **payload):
            return
    if told != standing.keys():
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as beside:
            beside.write_text(json.dumps(sorted(standing)), encoding="utf-8")


def tell_silent(settings: Settings, problems: Mapping[str, str]) -> None:
    """Tell of what the watchdog found, each problem by its name; it goes on without Prefect."""
    rows = {name: {"stage": name, "what": line} for name, line in problems.items()}
    emit_news(settings, "winback.watch.silent", rows)


def _told(text: str) -> set[str]:
    """The keys of what was told; a file that is no list makes all of it news."""
    try:
        found = json.loads(text)
    except ValueError:
        return set()
    return set(map(str, found)) if isinstance(found, list) else set()


def _post(settings: Settings, event: EventName, payload: Mapping[str, Any]) -> bool:
    if "prefect" not in sys.modules:
        quiet_prefect()
        find_server(settings)
        if not is_server_named():  # Prefect takes three seconds to import
            return False
    from prefect.client.orchestration import get_client
    from prefect.events import Event
    from prefect.settings import (
        PREFECT_CLIENT_MAX_RETRIES,
        get_current_settings,
        temporary_settings,
    )

    # Without this, Prefect would start a server for one event.
    if get_current_settings().api.url is None:
        return False
    told = Event.model_validate({
        "event": event,
        "resource": shop_resource(settings),
        "related": list(_related()),
        "payload": json.loads(json.dumps(payload, default=str)),
    })  # fmt: skip
    with (
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
        get_client(sync_client=True, httpx_settings={"timeout": _SECONDS}) as client,
    ):
        client.request("POST", "/events", json=[told.model_dump(mode="json")])
    return True


def _related() -> Iterable[dict[str, str]]:
    """The run that tells it, so that the UI leads there."""
    from prefect.runtime import flow_run

    if flow_run.id is not None:
        run = f"prefect.flow-run.{flow_run.id}"
        yield {"prefect.resource.id": run, "prefect.resource.role": "flow-run"}
