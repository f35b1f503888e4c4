"""An email address in a list, and the spellings under which a shop may have it."""

from __future__ import annotations

import re
from typing import Final

# As the macro is_email has it (dbt_project/macros/contact_points.sql).
_ATOM: Final = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL: Final = re.compile(
    rf"(?=.{{1,254}}$)(?=[^@]{{1,64}}@){_ATOM}([.]{_ATOM})*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+([a-z]{2,63}|xn--[a-z0-9-]{1,59})"
)
_WRAPPING: Final = "'\"<>()[]{}.,:!*` "
_NEVER_THEIRS: Final = '"<>()[].,: '


def emails(token: str) -> list[str]:
    """The spellings of an address that a shop may have; none where a part is no address."""
    found: list[str] = []
    for part in re.split(r"[/&]", token) if token.count("@") > 1 else [token]:
        stripped = part.strip(_WRAPPING)
        texts = [stripped]
        # A sign in front is somebody's mark, or theirs: then both are meant.
        theirs = part.rstrip(_WRAPPING).lstrip(_NEVER_THEIRS)
        if theirs != stripped:
            texts.append(theirs)
        spelled = [own for text in texts for own in _ascii_domains(text.lower())]
        valid = [text for text in spelled if _EMAIL.fullmatch(text)]
        if not valid:
            return []
        found += valid
    return found


def _ascii_domains(address: str) -> list[str]:
    """The address with its domain as it goes over the wire, such as xn--bcher-kva.example."""
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return [address]
    try:
        domains = [domain.encode("idna").decode()]
    except UnicodeError:
        return []
    if set(domain) & set("ßς"):
        # The older rules write other letters for these, the newer ones keep them.
        labels = domain.split(".")
        domains.append(".".join(own if own.isascii() else _ace(own) for own in labels))
    return [f"{local}@{own}" for own in domains]


def _ace(label: str) -> str:
    return f"xn--{label.encode('punycode').decode()}"
