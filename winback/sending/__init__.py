"""Sending: enrollments and plans into the ledger, and what is due out of the house."""

from winback.sending._due import Part, steps_due, unknown_messages
from winback.sending._found import OVERLAP, RESTORED, Found, found_row
from winback.sending._owner import runs_alive
from winback.sending._report import SendReport
from winback.sending._send import send_due
from winback.sending._sweep import SweepReport, sweep
from winback.sending._test_message import send_test
from winback.sending.approval._ask import ask, read_held
from winback.sending.approval._decide import decide
from winback.sending.approval._judge import Held
from winback.sending.approval._show import Waiting, read_waiting
from winback.sending.brakes._stops import (
    Stop,
    active_stops,
    held_at_provider,
    release_stops,
    stop_all,
    unreleased_stops,
)
from winback.sending.guard._guard import Caps, Hours, is_local_hour
from winback.sending.plan._enroll import end_enrollments, enroll, start_experiments
from winback.sending.plan._plan import PlanReport, dry_run_plan, plan

__all__ = [
    "OVERLAP",
    "RESTORED",
    "Caps",
    "Found",
    "Held",
    "Hours",
    "Part",
    "PlanReport",
    "SendReport",
    "Stop",
    "SweepReport",
    "Waiting",
    "active_stops",
    "ask",
    "decide",
    "dry_run_plan",
    "end_enrollments",
    "enroll",
    "found_row",
    "held_at_provider",
    "is_local_hour",
    "plan",
    "read_held",
    "read_waiting",
    "release_stops",
    "runs_alive",
    "send_due",
    "send_test",
    "start_experiments",
    "steps_due",
    "stop_all",
    "sweep",
    "unknown_messages",
    "unreleased_stops",
]
