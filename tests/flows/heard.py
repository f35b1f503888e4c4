"""What Prefect's server has heard of a shop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from prefect.client.orchestration import get_client
from prefect.events.filters import EventFilter, EventResourceFilter
from prefect.events.schemas.events import ReceivedEvent

from flows._events import shop_resource
from winback.base.settings import Settings


def heard(settings: Settings, *, at_least: int) -> list[ReceivedEvent]:
    """Its events, the earliest first; the server writes them down in batches."""
    of_the_shop = EventFilter(
        resource=EventResourceFilter(id=[shop_resource(settings)["prefect.resource.id"]])
    )

    def found() -> list[ReceivedEvent]:
        with get_client(sync_client=True) as client:
            return list(client.read_events(of_the_shop, limit=50).events)

    return sorted(until(found, lambda it: len(it) >= at_least), key=lambda it: it.occurred)


def until(look: Callable[[], Any], is_there: Callable[[Any], bool], *, seconds: float = 60) -> Any:
    """What `look` finds once it is there."""
    deadline = time.monotonic() + seconds
    while not is_there(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found
