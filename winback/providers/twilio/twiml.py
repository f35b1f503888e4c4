"""What a call hears back: the way out, then silence."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from twilio.twiml.voice_response import VoiceResponse

from winback.base.settings import Settings
from winback.providers.twilio.callbacks import has_key, is_to_us, parameters

LISTEN_SECONDS: Final = 10


def answer_call(settings: Settings, body: bytes) -> Response:
    """Hang up on who pressed a key: they are off the list. Who calls us is told how."""
    form = parameters(body.decode(errors="replace"))
    response = VoiceResponse()
    if is_to_us(form) and not has_key(form):
        # Without an action, what was pressed comes back to where the call came in.
        listening = response.gather(
            input="dtmf", num_digits=1, finish_on_key="", timeout=LISTEN_SECONDS, method="POST"
        )
        listening.say(
            f"{settings.brand_name}. Press any key to stop all our calls and texts to the number "
            "that you call from.",
            language=settings.voice_language,
        )
    response.hangup()
    return Response(str(response), media_type="text/xml")
