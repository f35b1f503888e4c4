"""The last lines of a run: who is found, who is written to, why not the others, what is next."""

from winback.measure.last_screen._read import Outlook, read_outlook
from winback.measure.last_screen._tell import Sent, tell_outlook

__all__ = ["Outlook", "Sent", "read_outlook", "tell_outlook"]
