"""The brakes of one run: what stops it, what it stops for others, and what it reports of that."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.ledger import Ledger
from winback.providers import Channel
from winback.sending._due import Part
from winback.sending._report import SendReport
from winback.sending.approval._hold import Approvals
from winback.sending.brakes import _stops
from winback.sending.brakes._breakers import Trip, pause_line
from winback.sending.brakes._figures import find_trip_in_figures
from winback.sending.pace._pacing import LONGEST_WAIT, Pace

# Real seconds between two looks at the rates of what came back.
FIGURES_EVERY: Final = 60.0


class Brakes:
    """Reads the stops for a run, and makes those that its calls or the figures call for."""

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        clock: Clock,
        channel: Channel,
        report: SendReport,
    ) -> None:
        self._ledger, self._clock, self._channel = ledger, clock, channel
        self._report = report
        self._approvals = Approvals(settings)
        # Parts that the run leaves alone: the provider refuses them as they are, or they wait for
        # a person's yes.
        self.stopped_parts: frozenset[Part] = frozenset()
        self._stop_file = settings.stop_file
        self._looked_at_figures = float("-inf")

    def begin(self) -> Pace:
        """The pace to begin with: one call tries anew what earlier responses stopped."""
        with self._ledger.write() as connection:
            is_trial = _stops.try_anew(connection, self._channel.name)
            standing = _stops.standing(connection, self._channel.name, now=self._clock.now())
        if standing.pause > LONGEST_WAIT:
            self._report_stop(pause_line(self._channel, standing.pause))
        return Pace(
            self._ledger,
            self._channel,
            is_trial=is_trial,
            concurrency=standing.concurrency,
        )

    def look(self, connection: Connection, *, now: datetime) -> _stops.Standing:
        """The last look at the switches, in the transaction that begins a call."""
        standing = _stops.standing(connection, self._channel.name, now=now)
        if self._stop_file.exists():
            self._report_stop(f"nothing is sent while {self._stop_file} exists. Remove it to send.")
        elif standing.reason:
            self._report_stop(standing.reason)
        for part, line in standing.stopped_parts.items():
            self._report_stop(line, part)
        self._hold(self._approvals.held(connection))
        return standing

    def look_at(self, messages: Sequence[Row[Any]]) -> None:
        """The last look at messages in hand: what they say must have been approved."""
        self._hold(self._approvals.unapproved(messages))

    def stop_run(self, reason: str) -> None:
        """Stop this run; runs beside it see the stop by themselves."""
        self._report_stop(reason)

    def may_claim(self) -> bool:
        """Whether more may be claimed: the switches, and now and then the rates of what came
        back."""
        now = self._clock.now()
        with self._ledger.read() as connection:
            standing = self.look(connection, now=now)
            if self._is_stopped:
                return False
            trip = self._look_at_figures(connection, standing, now)
        if trip is not None:
            with self._ledger.write() as connection:
                self._stop(connection, trip, now=now)
        return not self._is_stopped

    def stop(self, connection: Connection, trips: Sequence[Trip], *, now: datetime) -> None:
        """Stop what calls have shown must stop, for everybody."""
        for trip in trips:
            self._stop(connection, trip, now=now)

    @property
    def _is_stopped(self) -> bool:
        return self._channel.name in self._report.stopped

    def _look_at_figures(
        self, connection: Connection, standing: _stops.Standing, now: datetime
    ) -> Trip | None:
        if time.monotonic() - self._looked_at_figures < FIGURES_EVERY:
            return None
        self._looked_at_figures = time.monotonic()
        return find_trip_in_figures(
            connection, self._channel.name, now=now, counts_from=standing.counts_from
        )

    def _stop(self, connection: Connection, trip: Trip, *, now: datetime) -> None:
        _stops.stop(connection, self._channel.name, trip.kind, trip.line, now=now, part=trip.part)
        self._report_stop(trip.line, trip.part)

    def _hold(self, parts: Mapping[Part, str]) -> None:
        self.stopped_parts |= parts.keys()
        for part, line in parts.items():
            self._report.held.setdefault(part, line)

    def _report_stop(self, reason: str, part: Part | None = None) -> None:
        name = self._channel.name
        if part is not None:
            self.stopped_parts |= {part}
            name = f"{name}, {part}"
        self._report.stopped.setdefault(name, reason)
