"""Sending: enrollments and plans into the ledger, and what is due out of the house."""

from winback.sending._answers import (
    NotPlanned,
    Planned,
    answers_in,
    close_answered,
    may_answer_now,
    plan_answer,
    words_of,
)
from winback.sending._due import steps_due, unknown_messages
from winback.sending._enroll import end_enrollments, enroll
from winback.sending._gates import (
    OpenGate,
    close_all,
    held_at_provider,
    open_gates,
    stop_all,
)
from winback.sending._guard import Caps
from winback.sending._plan import PlanReport, dry_run_plan, plan
from winback.sending._report import SendReport
from winback.sending._send import send_due
from winback.sending._sweep import SweepReport, sweep

__all__ = [
    "Caps",
    "NotPlanned",
    "OpenGate",
    "PlanReport",
    "Planned",
    "SendReport",
    "SweepReport",
    "answers_in",
    "close_all",
    "close_answered",
    "dry_run_plan",
    "end_enrollments",
    "enroll",
    "held_at_provider",
    "may_answer_now",
    "open_gates",
    "plan",
    "plan_answer",
    "send_due",
    "steps_due",
    "stop_all",
    "sweep",
    "unknown_messages",
    "words_of",
]
