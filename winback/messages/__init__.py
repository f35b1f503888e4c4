"""Messages: templates and one person's facts become what is sent, or a reason why not."""

from winback.messages._blocked import RenderBlocked
from winback.messages._context import deadline, offer_text, one_line
from winback.messages._frozen import Rendered
from winback.messages._render import Renderer
from winback.messages._sms_text import count_segments, to_gsm7

__all__ = [
    "RenderBlocked",
    "Rendered",
    "Renderer",
    "count_segments",
    "deadline",
    "offer_text",
    "one_line",
    "to_gsm7",
]
