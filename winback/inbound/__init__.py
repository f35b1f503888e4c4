"""What comes back: callbacks, replies and opt-outs, from the wire to the ledger.

verify → append durably (_log) → acknowledge (_receiver) → parse and map (the provider's
callbacks) → match (_match) → apply (_collect, _effects).
"""

from winback.inbound._apply import CollectReport
from winback.inbound._collect import ERASED, collect, parse
from winback.inbound._fetched import Suppressed, keep_heard, keep_progress, keep_suppressed
from winback.inbound._letters import ReturnedReport, take_returned
from winback.inbound._log import read_log_part
from winback.inbound._receiver import Receiver, create_app
from winback.inbound._replay import Difference, ReplayReport, replay_events
from winback.inbound._requests import PersonRequest, requests_of, write_request
from winback.inbound._second_copy import (
    copied_until,
    copy_again,
    copy_events,
    drop_copied,
    fill_gaps,
)

__all__ = [
    "ERASED",
    "CollectReport",
    "Difference",
    "PersonRequest",
    "Receiver",
    "ReplayReport",
    "ReturnedReport",
    "Suppressed",
    "collect",
    "copied_until",
    "copy_again",
    "copy_events",
    "create_app",
    "drop_copied",
    "fill_gaps",
    "keep_heard",
    "keep_progress",
    "keep_suppressed",
    "parse",
    "read_log_part",
    "replay_events",
    "requests_of",
    "take_returned",
    "write_request",
]
