"""The watchdog: which stage has not ended well for too long. It asks the ledger, never Prefect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from winback.base.clock import shop_time
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.inbound import requests_of
from winback.ledger import SetMode, has_ledger, noted_mode, open_ledger, stage_ends
from winback.people import retention
from winback.people.audiences import audiences, overdue_removals
from winback.sending import active_stops

WatchedStage = Literal["collect", "reconcile", "reply", "send", "audience", "enroll", "measure"]
# What is done for the persons themselves and for the disk, in every mode of the house.
PersonsStage = Literal["requests", "retention", "audiences", "backup"]
Name = WatchedStage | PersonsStage
# Minutes without a good end: two ticks of the schedule in prefect.yaml and some.
LIMITS: Final[Mapping[WatchedStage, int]] = {
    "collect": 12,
    "reconcile": 12,
    "reply": 12,
    "send": 40,
    "audience": 130,
    "enroll": 130,
    "measure": 1_560,
}
LIMITS_FOR_PERSONS: Final[Mapping[PersonsStage, int]] = {
    "requests": 130,
    "retention": 1_560,
    "audiences": 1_560,
    "backup": 1_560,
}


@dataclass(frozen=True)
class StageWatch:
    """One stage: when it last ended well, and whether that is too long ago."""

    stage: str
    ended_at: datetime | None
    limit: timedelta
    is_silent: bool


@dataclass(frozen=True)
class Watch:
    """What the watchdog sees. `why` says why it looks at no stage."""

    stages: list[StageWatch] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    why: str = ""
    # The problems that are a stage's silence, or the ledger's, by its name; stops are none.
    silences: dict[str, str] = field(default_factory=dict)


def limits(settings: Settings) -> dict[Name, timedelta]:
    """The limits that the settings leave or set; a stage with 0 minutes is not watched.

    Raises UsageError for a setting that names no stage or no minutes.
    """
    minutes: dict[Name, int] = dict([*LIMITS.items(), *LIMITS_FOR_PERSONS.items()])
    for part in filter(None, (part.strip() for part in settings.watch_limits.split(","))):
        name, _, value = part.partition("=")
        known = next((stage for stage in minutes if stage == name.strip()), None)
        if known is None or not value.strip().isdecimal():
            raise UsageError(
                f"WINBACK_WATCH_LIMITS: {part!r} is not a stage and its minutes, like send=60; "
                f"there are {', '.join(minutes)}"
            )
        minutes[known] = int(value)
    return {stage: timedelta(minutes=value) for stage, value in minutes.items() if value}


def watch(settings: Settings, *, now: datetime) -> Watch:
    """Look at each stage. A ledger that can't be read is a problem like any other."""
    allowed = limits(settings)
    try:
        if not has_ledger(settings):
            return Watch(why="there is no ledger yet: nothing has been sent from here")
        with open_ledger(settings) as ledger, ledger.read() as connection:
            mode, ends = noted_mode(connection), stage_ends(connection)
            stops = [it for it in active_stops(connection, now=now) if it.kind != "operator"]
    except WinbackError as error:
        return Watch(problems=[str(error)], silences={"ledger": str(error)})
    why = _why_nothing_is_sent(mode, ends)
    set_at = mode.at if mode else None
    looks: list[tuple[Name, datetime | None, datetime | None]] = []
    looks += [] if why else [(stage, ends.get(stage), set_at) for stage in LIMITS]
    looks += _for_persons(settings, ends, set_at)
    stages = [_look(*look, allowed[look[0]], now) for look in looks if look[0] in allowed]
    silences = {it.stage: _told(it, settings.shop_timezone, now) for it in stages if it.is_silent}
    problems = list(silences.values())
    problems += [] if why else [f"{stop} is stopped: {stop.reason}" for stop in stops]
    problems += overdue_removals(settings, now)
    return Watch(stages, problems, "" if stages else why, silences)


def _why_nothing_is_sent(mode: SetMode | None, ends: Mapping[str, datetime]) -> str:
    if mode is not None and mode.mode == "dry-run":
        return "the mode of the house is dry-run: no stage has to run"
    if mode is None and not ends:
        return "no stage has run yet, and nobody has set the mode of the house"
    return ""


def _for_persons(
    settings: Settings, ends: Mapping[str, datetime], set_at: datetime | None
) -> Iterator[tuple[Name, datetime | None, datetime | None]]:
    """What has to run though nothing is sent: its name, its last end, and since when at least."""
    waiting = [
        it.received_at for it in requests_of(settings) if it.done_at is None and it.kind != "shop"
    ]
    if waiting or settings.shopify_webhook_secret.get_secret_value():
        yield "requests", ends.get("requests"), min(waiting, default=None)
    if any(limit.days is not None for limit in retention.limits(settings).values()):
        yield "retention", ends.get("retention"), set_at
    if lists := list(audiences(settings)):
        # Each run writes every list anew.
        yield "audiences", min(datetime.fromisoformat(it.exported_at) for it in lists), None
    if settings.backup_to:
        yield "backup", ends.get("backup"), set_at


def _look(
    stage: Name,
    ended_at: datetime | None,
    since: datetime | None,
    limit: timedelta,
    now: datetime,
) -> StageWatch:
    """A stage that never ended well is silent since it had to run."""
    known = [at for at in (ended_at, since) if at is not None]
    is_silent = bool(known) and now - max(known) > limit
    return StageWatch(stage, ended_at, limit, is_silent)


def _told(it: StageWatch, zone: str, now: datetime) -> str:
    allowed = f"{_minutes(it.limit)} are allowed"
    if it.ended_at is None:
        return f"{it.stage} has never ended well ({allowed}). Next: winback doctor --repair"
    return (
        f"{it.stage} has not ended well since {shop_time(it.ended_at, zone)}, for "
        f"{_minutes(now - it.ended_at)} ({allowed}). Next: winback doctor --repair"
    )


def _minutes(span: timedelta) -> str:
    return f"{int(span.total_seconds() // 60):,} minutes"
