"""What comes back: callbacks, replies and opt-outs, from the wire to the ledger.

verify (_verify) → append durably (_segments) → acknowledge (_receiver) → parse and map
(_sendgrid, _twilio, _unsubscribe) → match (_match) → apply (_collect, _actions).
"""

from winback.inbound._apply import CollectReport
from winback.inbound._classify import Intent
from winback.inbound._collect import ERASED, collect, parse
from winback.inbound._event import Event
from winback.inbound._fetched import Suppressed, keep_progress, keep_suppressed
from winback.inbound._reading import classify, their_words
from winback.inbound._replay import Difference, ReplayReport, replay_events
from winback.inbound._segments import Record, read_segment
from winback.inbound._series_words import check_series_words
from winback.inbound._serve import RunningReceiver, serve, start

__all__ = [
    "ERASED",
    "CollectReport",
    "Difference",
    "Event",
    "Intent",
    "Record",
    "ReplayReport",
    "RunningReceiver",
    "Suppressed",
    "check_series_words",
    "classify",
    "collect",
    "keep_progress",
    "keep_suppressed",
    "parse",
    "read_segment",
    "replay_events",
    "serve",
    "start",
    "their_words",
]
