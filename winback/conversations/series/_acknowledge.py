"""Acknowledging joins: a person who texts a keyword is asked for their yes, then told what they
get.

Each is our reply to their own text, planned once and sent like any reply: inside the law's
hours of day, to nobody who opted out, and counted toward no cap.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from winback import conversations
from winback.base.clock import Clock
from winback.base.content_series import Series, content_series
from winback.base.project import project_vars
from winback.base.settings import Settings
from winback.content import Inspector, RenderBlocked, Renderer
from winback.content.payloads import words_of
from winback.ledger import CONFIRMATION, SERIES_ASK, Ledger, LedgerFenced, standing_joins, tables

# How long a planned reply may wait for its call; the next round plans another.
LEAVES_WITHIN: Final = timedelta(minutes=30)


@dataclass
class JoinReport:
    """What one round came to: questions and welcomes planned, and what could not be written."""

    asked: int = 0
    welcomed: int = 0
    # By reason, and what would help.
    blocked: Counter[str] = field(default_factory=Counter)
    hints: dict[str, str] = field(default_factory=dict)

    def summary(self) -> str:
        """One line with the numbers that matter."""
        line = f"{self.asked} asked for their yes, {self.welcomed} welcomed"
        if not self.blocked:
            return line
        whys = "; ".join(f"{count} {why}: {self.hints[why]}" for why, count in self.blocked.items())
        return f"{line}, not written: {whys}"


def acknowledge_joins(ledger: Ledger, settings: Settings, clock: Clock) -> JoinReport:
    """Plan a question or a welcome for each join that has none yet.

    Safe to run again after any end, and beside another run: a text is answered once. What
    comes outside of the hours waits for the next round inside them. Raises LedgerFenced for a
    copied ledger.
    """
    if ledger.fenced:
        raise LedgerFenced(ledger.fenced)
    report, now = JoinReport(), clock.now()
    known = {series.series_id: series for series in content_series() if series.is_enabled}
    if not known:
        return report
    since = now - timedelta(days=project_vars()["series_enter_days"])
    with ledger.read() as connection:
        joins = [
            join
            for join in standing_joins(connection, asked_since=since)
            if join.series_id in known and _is_open(join, now)
        ]
    renderer = Renderer(settings)
    inspector = Inspector(renderer, settings)
    for join in joins:
        series = known[join.series_id]
        template = _template(join)
        try:
            text = _text(renderer, inspector, series, template)
        except RenderBlocked as why:
            report.blocked[why.reason] += 1
            report.hints.setdefault(why.reason, why.detail)
            continue
        with ledger.write() as connection:
            planned = _plan(connection, settings, join, text, now=now)
        report.welcomed += planned and template == "welcome"
        report.asked += planned and template == "ask"
    return report


def _is_open(join: Row[Any], now: datetime) -> bool:
    """A yes, or a question that may still be answered."""
    return join.granted_at is not None or (join.confirm_by is not None and join.confirm_by > now)


def _template(join: Row[Any]) -> str:
    return "ask" if join.granted_at is None else "welcome"


def _text(renderer: Renderer, inspector: Inspector, series: Series, template: str) -> str:
    row = {
        "channel": "sms",
        "template": f"series/{template}",
        "locale": series.language,
        "program_name": series.program_name,
        "frequency": series.frequency,
        "leave_keyword": series.leave_keyword,
    }
    rendered = renderer.render(row, unsubscribe_url="")
    inspector.check(row, rendered, unsubscribe_url="")
    return words_of(rendered.payload_json)


def _plan(
    connection: Connection, settings: Settings, join: Row[Any], text: str, *, now: datetime
) -> bool:
    """Whether a message was planned that was not there."""
    j, r, m = tables.series_joins.c, tables.replies.c, tables.messages.c
    # They may have left since, or said yes.
    current = connection.execute(
        select(j.granted_at, j.ended_at).where(j.join_id == join.join_id)
    ).one()
    if current.ended_at is not None or current.granted_at != join.granted_at:
        return False
    reply_id = join.granted_reply_id or join.asked_reply_id
    reply = connection.execute(select(tables.replies).where(r.reply_id == reply_id)).first()
    if reply is None:
        return False
    message = connection.execute(
        select(tables.messages).where(m.message_id == reply.message_id)
    ).first()
    before = {
        row.message_id for row in conversations.our_replies_in(connection, reply.conversation_id)
    }
    planned = conversations.plan_reply(
        connection,
        settings,
        to=reply,
        message=message,
        text=text,
        written_by="template",
        now=now,
        leaves_by=now + LEAVES_WITHIN,
        purpose=SERIES_ASK if join.granted_at is None else CONFIRMATION,
        series_id=join.series_id,
    )
    return isinstance(planned, conversations.Planned) and planned.message_id not in before
