"""New codes, for a shop to take: nobody can guess one, or mistype it for another."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Final

from winback.base.cells import CellWriter
from winback.base.errors import UsageError
from winback.base.private import open_private
from winback.base.settings import Settings
from winback.codes._import import end_of
from winback.codes._offers import OFFERS_FILE, read_offers, require_offer
from winback.ledger import Ledger, code_key, known_codes

# No vowels, which make words, and none of 0 O, 1 I L, 2 Z, 5 S, 8 B, U V, which look alike.
ALPHABET: Final = "CDFGHJKMNPQRTWXY34679"
# 44 bits: among a hundred thousand codes a guess hits one in 170 million times.
LENGTH: Final = 10
MOST: Final = 1_000_000
_PREFIX: Final = re.compile(r"[A-Z0-9]{0,12}")


def make_codes(
    ledger: Ledger,
    settings: Settings,
    offer: str,
    file: Path,
    *,
    count: int,
    prefix: str = "",
    until: str = "",
    offers_file: Path = OFFERS_FILE,
) -> int:
    """Write new codes as CSV, with offer and end, for the shop's system; how many.

    None is of a pool yet: they count once `import_codes` has read the file. Raises UsageError for
    an unknown offer, a file that is there, or a wrong number, prefix or date.
    """
    require_offer(offer, read_offers(offers_file))
    if not 1 <= count <= MOST:
        raise UsageError(f"--count {count} is not between 1 and {MOST:,}.")
    begins = prefix_of(prefix)
    ends_at = end_of(until, settings).isoformat() if until else ""
    if file.exists():
        raise UsageError(f"{file} is there already: its codes may be in use. Name another file.")
    if not file.parent.is_dir():
        raise UsageError(f"{file.parent} is no folder to write a list to.")
    made = make_new(ledger, count, begins)
    with open_private(file) as stream:
        writer = CellWriter(stream)
        writer.writerow(("code", "offer_id", "ends_at"))
        writer.writerows((code, offer, ends_at) for code in made)
    return len(made)


def prefix_of(prefix: str) -> str:
    """What new codes begin with. Raises UsageError for what nobody could type."""
    prefix = prefix.upper()
    if not _PREFIX.fullmatch(prefix):
        raise UsageError(f"--prefix {prefix!r} is not at most 12 letters and digits.")
    return f"{prefix}-" if prefix else ""


def make_new(ledger: Ledger, count: int, prefix: str) -> list[str]:
    """So many codes that no pool has."""
    made = dict[str, str]()
    while len(made) < count:
        for _ in range(count - len(made)):
            code = prefix + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
            made.setdefault(code_key(code), code)
        with ledger.read() as connection:
            for row in known_codes(connection, made):
                del made[row.code_key]
    return list(made.values())
