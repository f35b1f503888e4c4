"""Messages: templates and one person's facts become what is sent, or a reason why not."""

from winback.content._blocked import RenderBlocked
from winback.content._codes import Codes, example_codes, has_own_codes
from winback.content._context import deadline
from winback.content._frozen import Rendered
from winback.content._inspector import LINT, Inspector
from winback.content._links import PREVIEW_TOKEN
from winback.content._offers import offer_text
from winback.content._render import Renderer
from winback.content._safe import one_line
from winback.content._sms_text import count_sms_parts, to_gsm7

__all__ = [
    "LINT",
    "PREVIEW_TOKEN",
    "Codes",
    "Inspector",
    "RenderBlocked",
    "Rendered",
    "Renderer",
    "count_sms_parts",
    "deadline",
    "example_codes",
    "has_own_codes",
    "offer_text",
    "one_line",
    "to_gsm7",
]
