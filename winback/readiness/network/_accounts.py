"""The accounts at the providers: their credentials, senders, and where they report to."""

from __future__ import annotations

from typing import Final

from winback.base.settings import Settings
from winback.readiness.network._answers import Answer, Reply, get

_SENDGRID: Final = "https://api.sendgrid.com"
_TWILIO: Final = "https://api.twilio.com"
_MESSAGING: Final = "https://messaging.twilio.com"
_KEY: Final = "WINBACK_SENDGRID_API_KEY"
_TOKEN: Final = "WINBACK_TWILIO_AUTH_TOKEN"  # noqa: S105  # its name


def sendgrid_key(settings: Settings) -> Answer:
    about = "SendGrid's key"
    reply = _from_sendgrid(settings, "/v3/scopes")
    if (answer := reply.unless_read(about, setting=_KEY)) is not None:
        return answer
    if "mail.send" in reply.json.get("scopes", []):
        return Answer(about, "ok", "it may send mail")
    return Answer(about, "wrong", "it may not send mail (scope mail.send)")


def sendgrid_webhook(settings: Settings) -> Answer:
    about = "SendGrid's event webhook"
    reply = _from_sendgrid(settings, "/v3/user/webhooks/event/settings/all")
    if reply.status in {401, 403}:
        return Answer(about, "unknown", "the key may not read it")
    if (answer := reply.unless_read(about, setting=_KEY)) is not None:
        return answer
    wanted = f"{settings.public_base_url.rstrip('/')}/webhooks/sendgrid/events"
    hooks = [it for it in reply.json.get("webhooks") or [] if it.get("url") == wanted]
    if any(it.get("enabled") for it in hooks):
        return Answer(about, "ok", "it points to the receiver")
    return Answer(about, "wrong", f"none that is enabled points to {wanted}")


def twilio_account(settings: Settings) -> Answer:
    about = "Twilio's account"
    reply = _from_twilio(
        settings, _TWILIO, f"/2010-04-01/Accounts/{settings.twilio_account_sid}.json"
    )
    if (answer := reply.unless_read(about, setting=_TOKEN)) is not None:
        return answer
    status = reply.json.get("status")
    return Answer(about, "ok" if status == "active" else "wrong", f"it is {status}")


def twilio_service(settings: Settings) -> Answer:
    about = "Twilio's messaging service"
    sid = settings.twilio_messaging_service_sid
    reply = _from_twilio(settings, _MESSAGING, f"/v1/Services/{sid}")
    if reply.status == 404:
        return Answer(about, "wrong", "there is none of this id (TWILIO_MESSAGING_SERVICE_SID)")
    if (answer := reply.unless_read(about, setting=_TOKEN)) is not None:
        return answer
    wanted = f"{settings.public_base_url.rstrip('/')}/webhooks/twilio/inbound"
    if reply.json.get("use_inbound_webhook_on_number"):
        return Answer(about, "unknown", f"its numbers say where replies go: see {wanted}")
    if reply.json.get("inbound_request_url") == wanted:
        return Answer(about, "ok", "replies come to the receiver")
    return Answer(about, "wrong", f"replies, a STOP among them, don't go to {wanted}")


def twilio_campaign(settings: Settings) -> Answer:
    about = "Twilio's campaign"
    sid = settings.twilio_messaging_service_sid
    reply = _from_twilio(settings, _MESSAGING, f"/v1/Services/{sid}/Compliance/Usa2p")
    if (answer := reply.unless_read(about, setting=_TOKEN)) is not None:
        return answer
    states = [str(it.get("campaign_status")) for it in reply.json.get("compliance") or []]
    if "VERIFIED" in states:
        return Answer(about, "ok", "it is verified")
    if not states:
        return Answer(about, "unknown", "none is listed (US carriers block texts without one)")
    return Answer(about, "wrong", f"it is {states[0]} (US carriers block texts)")


def _from_sendgrid(settings: Settings, path: str) -> Reply:
    base = settings.sendgrid_base_url.rstrip("/") or _SENDGRID
    key = settings.sendgrid_api_key.get_secret_value()
    return get(f"{base}{path}", headers={"Authorization": f"Bearer {key}"})


def _from_twilio(settings: Settings, host: str, path: str) -> Reply:
    base = settings.twilio_base_url.rstrip("/") or host
    token = settings.twilio_auth_token.get_secret_value()
    return get(f"{base}{path}", auth=(settings.twilio_account_sid, token))
