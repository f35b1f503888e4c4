"""Which responder a setting means."""

from __future__ import annotations

from importlib import import_module

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.conversations.responder._rules import RuleResponder
from winback.conversations.responder._seam import Responder


def open_responder(settings: Settings) -> Responder | None:
    """The responder of WINBACK_RESPONDER, or None where it is empty: nothing is answered.

    `rules` is the one that ships; `package.module:factory` is called with the settings and
    gives back a Responder. Raises UsageError for one that can't be had.
    """
    name = settings.responder.strip()
    if not name:
        return None
    if name == "rules":
        return RuleResponder()
    module, _, factory = name.partition(":")
    try:
        made = getattr(import_module(module), factory)(settings)
    except Exception as error:  # noqa: BLE001  # foreign code; its words may hold a key
        raise UsageError(
            f"WINBACK_RESPONDER: {name!r} can't be opened ({type(error).__name__}). "
            "Next: `rules`, or `package.module:factory` of something installed"
        ) from None
    if not callable(getattr(made, "respond", None)):
        raise UsageError(f"WINBACK_RESPONDER: what {name!r} makes has no method `respond`")
    responder: Responder = made
    return responder
