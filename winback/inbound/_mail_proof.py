"""Whether a mail comes from the address that it names, by what SendGrid found out about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_LONGEST: Final = 10_000
# As Inbound Parse writes it: "{@example.com : pass, @example.net : fail}".
_SIGNED: Final = re.compile(r"@([^\s:,{}@]{1,255})\s{0,9}:\s{0,9}(\w{1,20})")


def is_vouched_for(address: str, form: Mapping[str, str], *, is_envelope: bool) -> bool:
    """Whether SPF passed for the envelope's sender, or a signature of the address's own domain
    holds. Where SendGrid says nothing of either, it is taken as it is.

    Neither alone is asked for: a forwarded mail keeps only its signature, and many a domain signs
    nothing.
    """
    told = {name.lower(): value[:_LONGEST].lower() for name, value in form.items()}
    if not (told.get("spf", "").strip() or told.get("dkim", "").strip()):
        return True
    if is_envelope and told.get("spf", "").split()[:1] == ["pass"]:
        return True
    domain = address.rpartition("@")[2].lower().rstrip(".>")
    signed = _SIGNED.findall(told.get("dkim", ""))
    return any(result == "pass" and _is_of(domain, signer) for signer, result in signed)


def _is_of(domain: str, signer: str) -> bool:
    """A domain signs for itself and for what lies below it."""
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))
