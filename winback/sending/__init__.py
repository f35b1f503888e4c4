"""Sending: enrollments and plans into the ledger, and what is due out of the house."""

from winback.sending._due import steps_due, unknown_messages
from winback.sending._report import SendReport
from winback.sending._send import send_due
from winback.sending._sweep import SweepReport, sweep
from winback.sending.brakes._stops import (
    Stop,
    active_stops,
    held_at_provider,
    release_stops,
    stop_all,
    unreleased_stops,
)
from winback.sending.guard._guard import Caps, Hours, is_local_hour
from winback.sending.plan._enroll import end_enrollments, enroll
from winback.sending.plan._plan import PlanReport, dry_run_plan, plan

__all__ = [
    "Caps",
    "Hours",
    "PlanReport",
    "SendReport",
    "Stop",
    "SweepReport",
    "active_stops",
    "dry_run_plan",
    "end_enrollments",
    "enroll",
    "held_at_provider",
    "is_local_hour",
    "plan",
    "release_stops",
    "send_due",
    "steps_due",
    "stop_all",
    "sweep",
    "unknown_messages",
    "unreleased_stops",
]
