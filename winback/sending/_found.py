"""What left since the backup that a ledger was restored from is not sent again.

The providers' records show it, and the ledger keeps it. Mail bears our id; a text is told by the
links in it or by its words. A message that may have left, and can't be told from another, is held
as `unknown_final`: it counts as sent, and a person may release it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, select

from winback.base.settings import CHANNELS
from winback.content import payloads
from winback.ledger import (
    AddressKey,
    Adopted,
    Ledger,
    among,
    bind_found,
    channel_group,
    found_at,
    found_by_message,
    hash_words,
    is_hidden,
    keep_evidence,
    link_token,
    normalize,
    read_adopted,
    tables,
)
from winback.providers import Left, skeleton

# Why a message is held.
RESTORED: Final = "unknown:restored"
# Clocks differ, and a record may be older than the backup that lacks it.
OVERLAP: Final = timedelta(hours=1)
# Whoever enters a playbook so long after the first plan was none of those of the lost time.
_LATE_ENTRIES: Final = timedelta(days=2)
_UNTOLD: Final[Mapping[str, object]] = {
    "state_reason": None, "accepted_at": None, "matched_by": None, "provider": None,
    "provider_id": None, "attempt_no": 0,
}  # fmt: skip
_TOKEN: Final = re.compile(r"/([A-Za-z0-9]{12})(?![A-Za-z0-9])")
# No text has more links.
_MOST_LINKS: Final = 6


def found_row(connection: Connection, left: Left) -> dict[str, object]:
    """What the ledger keeps of a provider's record: no address, and no words."""
    hidden = AddressKey.of(connection).hide(normalize(left.group, left.address))
    return {
        "provider_id": left.provider_id,
        "provider": left.provider,
        "channel_group": left.group,
        "message_id": left.message_id or None,
        "attempt_id": left.attempt_id or None,
        "hidden_address": hidden,
        "words_sha256": hash_words(skeleton(left.words)) if left.words else "",
        "link_tokens": "".join(f"{token} " for token in _TOKEN.findall(left.words)),
        "left_at": left.left_at,
        "bound_to": None,
    }


@dataclass(frozen=True)
class Fate:
    """What a message came to while nobody here looked: its record, or that it may have left."""

    record: Row[Any] | None = None

    @property
    def kind(self) -> Literal["logged", "listed"]:
        return "logged" if self.record is not None and self.record.message_id else "listed"


def _by_other_channels(message: Mapping[str, Any]) -> set[str]:
    """The ids that a step's message would have on the other channels, as
    dec_outbox__plans.sql makes them: a variant that is dealt anew may have another one."""
    place = f"{message['enrollment_id']}|{message['step']}"
    return {
        hashlib.md5(f"{place}|{channel}".encode(), usedforsecurity=False).hexdigest()
        for channel in CHANNELS
        if channel != message["channel"]
    }


class Found:
    """The records of an adopted ledger, asked for messages."""

    def __init__(self, connection: Connection, ledger: Ledger | None, adopted: Adopted) -> None:
        self._connection, self._ledger, self.adopted = connection, ledger, adopted
        self._key = AddressKey.of(connection)

    @classmethod
    def of(cls, connection: Connection, ledger: Ledger | None = None) -> Found | None:
        """None for a ledger that was never restored."""
        adopted = read_adopted(connection)
        return None if adopted is None else cls(connection, ledger, adopted)

    def fates(
        self, messages: Sequence[Mapping[str, Any]], may_have_left: set[str]
    ) -> dict[str, Fate]:
        """What became of messages, by id; one that surely did not leave has no fate.

        Each has message_id, channel, address and payload_json. `may_have_left` names those that
        were due in the lost time.
        """
        others = {it["message_id"]: _by_other_channels(it) for it in messages}
        ids = [key for it in messages for key in (it["message_id"], *others[it["message_id"]])]
        by_id = found_by_message(self._connection, ids)
        texts = [it for it in messages if channel_group(it["channel"]) == "phone"]
        at_number = found_at(
            self._connection,
            {self._hidden(it) for it in texts},
            since=self.adopted.made_at - OVERLAP,
        )
        fates: dict[str, Fate] = {}
        for message in messages:
            key, group = message["message_id"], channel_group(message["channel"])
            records = at_number.get(self._hidden(message), []) if group == "phone" else []
            same = by_id.get(key) or next(
                (record for record in records if self._is_same(message, record)), None
            )
            if same is not None:
                fates[key] = Fate(same)
                bind_found(self._connection, same.provider_id, key)
                if same in records:
                    records.remove(same)
            elif by_id.keys() & others[key] or (
                key in may_have_left and (records or group in self.adopted.held)
            ):
                fates[key] = Fate()
        return fates

    def settle(
        self, rows: Sequence[dict[str, Any]], due: Mapping[str, datetime | None], *, at: datetime
    ) -> tuple[int, int]:
        """Write what became of new messages into their rows, which are about to be kept; how many
        had left, and how many are held."""
        fates = self.fates(rows, self._due_in_lost_time(rows, due))
        for row in rows:
            # They are kept in one statement, for which all have the same columns.
            row.update(_UNTOLD)
            fate = fates.get(row["message_id"])
            if fate is None:
                continue
            if fate.record is None:
                row.update(state="unknown_final", state_reason=RESTORED)
                continue
            row.update(
                state="accepted",
                state_reason=f"proven_by_{fate.kind}",
                accepted_at=min(fate.record.left_at, at),
                matched_by=fate.kind,
                provider=fate.record.provider,
                provider_id=fate.record.provider_id,
                attempt_no=1,
            )
            keep_evidence(
                self._connection,
                fate.kind,
                seen_at=at,
                message_id=row["message_id"],
                attempt_id=fate.record.attempt_id,
                payload=fate.record.provider_id,
            )
        left = sum(fate.record is not None for fate in fates.values())
        return left, len(fates) - left

    def _due_in_lost_time(
        self, rows: Sequence[Mapping[str, Any]], due: Mapping[str, datetime | None]
    ) -> set[str]:
        """Those that were due between backup and adoption, had nothing been lost.

        An enrollment of the lost time is made anew by the first plan, with steps as far from its
        beginning as they were.
        """
        e = tables.enrollments.c
        query = select(e.enrollment_id, e.entered_at).where(
            among(e.enrollment_id, {row["enrollment_id"] for row in rows})
        )
        entered = {row.enrollment_id: row.entered_at for row in self._connection.execute(query)}
        lost = self.adopted.adopted_at - self.adopted.made_at
        first_plan = self.adopted.planned_at or self.adopted.adopted_at
        found = set()
        for row in rows:
            due_at = due.get(row["message_id"])
            began = entered.get(row["enrollment_id"])
            # Replies have no enrollment: they are due once somebody wrote.
            until = self.adopted.adopted_at
            if began is not None and began > self.adopted.made_at:
                until = began + (lost if began <= first_plan + _LATE_ENTRIES else -lost)
            if due_at is None or due_at <= until:
                found.add(row["message_id"])
        return found

    def _is_same(self, message: Mapping[str, Any], record: Row[Any]) -> bool:
        tokens = set(record.link_tokens.split())
        if tokens and self._ledger is not None:
            own = {
                link_token(self._ledger, message["message_id"], pos) for pos in range(_MOST_LINKS)
            }
            if tokens & own:
                return True
        try:
            payload = payloads.from_json(message["channel"], message["payload_json"])
        except (ValueError, TypeError, KeyError):
            return False
        words = payload.body if isinstance(payload, payloads.Text) else ""
        return bool(words) and hash_words(skeleton(words)) == record.words_sha256

    def _hidden(self, message: Mapping[str, Any]) -> str:
        address = str(message["address"])
        if is_hidden(address):
            return address
        return self._key.hide(normalize(channel_group(message["channel"]), address))
