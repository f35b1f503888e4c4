"""Who speaks in a mail, by its From, its envelope and what SendGrid found out about both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Final

from winback.providers.sendgrid.mail_form import as_json

_LONGEST: Final = 10_000
_LONGEST_SENDER: Final = 1000
# As Inbound Parse writes it: "{@example.com : pass, @example.net : fail}".
_SIGNED: Final = re.compile(r"@([^\s:,{}@]{1,255})\s{0,9}:\s{0,9}(\w{1,20})")


@dataclass(frozen=True)
class Sender:
    """The address that a mail speaks for, whether it is believed to, and the other that it names:
    who asks for silence has it at both."""

    address: str
    other: str
    is_vouched_for: bool


def sender_of(form: Mapping[str, str]) -> Sender:
    """SPF speaks of the envelope's sender, a signature of the From's.

    SPF counts where the two are of one domain: else anybody's own server may pass for anybody.
    A signature counts alone, since a forwarder puts itself into the envelope; it never proves an
    envelope, whose user another one of a large domain could name. Where SendGrid says nothing of
    either, the envelope is taken as it is.
    """
    told = {name.lower(): value[:_LONGEST].lower() for name, value in form.items()}
    author = parseaddr(form.get("from", "")[:_LONGEST_SENDER])[1]
    envelope = _envelope_sender(form)
    spf, dkim = told.get("spf", "").split()[:1], told.get("dkim", "")
    if not (spf or dkim.strip()):
        return Sender(envelope or author, author, is_vouched_for=True)
    if spf == ["pass"] and _is_aligned(envelope, author, is_posted="envelope" in form):
        return Sender(envelope or author, author, is_vouched_for=True)
    return Sender(author or envelope, envelope, is_vouched_for=_is_signed(author, dkim))


def _envelope_sender(form: Mapping[str, str]) -> str:
    sender = as_json(form.get("envelope", "")).get("from")
    return sender if isinstance(sender, str) else ""


def _is_aligned(envelope: str, author: str, *, is_posted: bool) -> bool:
    """Whether what is known of the envelope is known of the From; one of them may be missing."""
    if not envelope:
        return not is_posted
    ours, theirs = _domain(envelope), _domain(author)
    return not author or _is_of(ours, theirs) or _is_of(theirs, ours)


def _is_signed(author: str, dkim: str) -> bool:
    signed = _SIGNED.findall(dkim)
    return any(result == "pass" and _is_of(_domain(author), signer) for signer, result in signed)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower().rstrip(".>")


def _is_of(domain: str, signer: str) -> bool:
    """A domain speaks for itself and for what lies below it."""
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))
