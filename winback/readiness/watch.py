"""The watchdog: which stage has not ended well for too long. It asks the ledger, never Prefect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from winback.base.clock import shop_time
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.ledger import SetMode, has_ledger, noted_mode, open_ledger, stage_ends
from winback.sending import active_stops

WatchedStage = Literal["collect", "reconcile", "reply", "send", "audience", "enroll", "measure"]
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

    @property
    def silences(self) -> dict[str, str]:
        """The problems that are a stage's silence, or the ledger's, by its name; stops are none."""
        silent = [it.stage for it in self.stages if it.is_silent]
        # A ledger that can't be read leaves no stage to look at.
        return dict(zip(silent if self.stages else ["ledger"], self.problems, strict=False))


def limits(settings: Settings) -> dict[WatchedStage, timedelta]:
    """The limits that the settings leave or set; a stage with 0 minutes is not watched.

    Raises UsageError for a setting that names no stage or no minutes.
    """
    minutes = dict(LIMITS)
    for part in filter(None, (part.strip() for part in settings.watch_limits.split(","))):
        name, _, value = part.partition("=")
        known = next((stage for stage in get_args(WatchedStage) if stage == name.strip()), None)
        if known is None or not value.strip().isdecimal():
            raise UsageError(
                f"WINBACK_WATCH_LIMITS: {part!r} is not a stage and its minutes, like send=60; "
                f"there are {', '.join(LIMITS)}"
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
        return Watch(problems=[str(error)])
    if mode is not None and mode.mode == "dry-run":
        return Watch(why="the mode of the house is dry-run: no stage has to run")
    if mode is None and not ends:
        return Watch(why="no stage has run yet, and nobody has set the mode of the house")
    stages = [_look(stage, ends, mode, limit, now) for stage, limit in allowed.items()]
    problems = [_told(it, settings.shop_timezone, now) for it in stages if it.is_silent]
    problems += [f"{stop} is stopped: {stop.reason}" for stop in stops]
    return Watch(stages, problems)


def _look(
    stage: str,
    ends: Mapping[str, datetime],
    mode: SetMode | None,
    limit: timedelta,
    now: datetime,
) -> StageWatch:
    """A stage that never ended well is silent since the house was told to send."""
    ended_at = ends.get(stage)
    known = [at for at in (ended_at, mode.at if mode else None) if at is not None]
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
