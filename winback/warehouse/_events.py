"""The events of a build that somebody hears: dbt makes twenty a model, most of them for its log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def only_what_is_heard() -> Iterator[None]:
    """Let dbt's events of the level `debug`, an eighth of a build, go before they are worded.

    Nobody but its log, which a build leaves off, would hear them.
    """
    from dbt_common.events import event_manager_client as client
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager

    class Heard(EventManager):
        def fire_event(self, e: Any, level: Any = None, *rest: Any, **further: Any) -> None:
            if (level or e.level_tag()) != EventLevel.DEBUG:
                super().fire_event(e, level, *rest, **further)

    before = client.get_event_manager()
    client.ctx_set_event_manager(Heard())
    try:
        yield
    finally:
        client.ctx_set_event_manager(before)
