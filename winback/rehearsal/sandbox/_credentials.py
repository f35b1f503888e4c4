"""The sandbox's made-up keys: created once per home, so that a restart keeps them."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twilio.request_validator import RequestValidator

# Twilio's own magic sender of test credentials: it belongs to nobody.
SERVICE_NUMBER: Final = "+15005550006"


@dataclass(frozen=True)
class Credentials:
    """A client's credentials for the sandbox, and the keys that sign its webhooks."""

    api_key: str = field(repr=False)
    account_sid: str
    auth_token: str = field(repr=False)
    messaging_service_sid: str
    signing_key_pem: str = field(repr=False)

    @property
    def public_key(self) -> str:
        """Return the webhook verification key as SendGrid shows it: base64 DER, no PEM lines."""
        der = self._signing_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(der).decode()

    @property
    def _signing_key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(self.signing_key_pem.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the sandbox's signing key is not an elliptic curve key")
        return key

    def sign_event_webhook(self, timestamp: str, body: bytes) -> str:
        """Sign as SendGrid does: ECDSA P-256 with SHA-256 over the timestamp and the raw body."""
        signature = self._signing_key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return base64.b64encode(signature).decode()

    def sign_twilio_webhook(self, url: str, parameters: dict[str, str]) -> str:
        """Sign as Twilio does: HMAC-SHA1 by the auth token over exact URL and parameters."""
        signature: str = RequestValidator(self.auth_token).compute_signature(url, parameters)
        return signature


def load_or_create(folder: Path) -> Credentials:
    """Return the credentials kept under `folder`, made up on the first call."""
    path = folder / "credentials.json"
    if path.exists():
        return Credentials(**json.loads(path.read_text()))
    made_up = _make_up()
    folder.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(vars(made_up), file, indent=1)
    temporary.replace(path)
    return made_up


def _make_up() -> Credentials:
    signing_key = ec.generate_private_key(ec.SECP256R1())
    return Credentials(
        api_key=f"SG.sandbox.{secrets.token_urlsafe(32)}",
        account_sid=f"AC{secrets.token_hex(16)}",
        auth_token=secrets.token_hex(16),
        messaging_service_sid=f"MG{secrets.token_hex(16)}",
        signing_key_pem=signing_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )
