"""Sending: enrollments and plans into the ledger, and what is due out of the house."""

from winback.sending._due import steps_due, unknown_messages
from winback.sending._enroll import enroll
from winback.sending._guard import Caps
from winback.sending._plan import PlanReport, dry_run_plan, plan
from winback.sending._report import SendReport
from winback.sending._send import send_due
from winback.sending._sweep import SweepReport, sweep

__all__ = [
    "Caps",
    "PlanReport",
    "SendReport",
    "SweepReport",
    "dry_run_plan",
    "enroll",
    "plan",
    "send_due",
    "steps_due",
    "sweep",
    "unknown_messages",
]
