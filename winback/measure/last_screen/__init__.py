"""The last lines of a run: who is found, who is written to, why not the others, what is next."""

from winback.measure.last_screen._next_day import (
    NextDay,
    read_hours,
    read_next_day,
    tell_next_day,
)
from winback.measure.last_screen._page import read_came_back, read_sent, report_page
from winback.measure.last_screen._read import Outlook, read_outlook
from winback.measure.last_screen._tell import Sent, headline, tell_by_section, tell_outlook

__all__ = [
    "NextDay",
    "Outlook",
    "Sent",
    "headline",
    "read_came_back",
    "read_hours",
    "read_next_day",
    "read_outlook",
    "read_sent",
    "report_page",
    "tell_by_section",
    "tell_next_day",
    "tell_outlook",
]
