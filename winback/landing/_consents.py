"""What a consent lands as: a clean grant, a refusal, or unclear, which counts as a refusal.

A row that names a customer always lands. A grant is clean with a known word, a date that
can be read and a channel. What is no clean grant and has no such date counts from the load's
instant; its own columns say which load brought it last, so that the same row in the next
load is not a new refusal. One that is dated ahead counts from the load too, but keeps its
date: moved back, it would stand before a grant that is dated ahead by the same slip.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from winback.landing._casts import LAST_YEAR, Rule, Settlement, one_of
from winback.landing.schema import INPUT_TABLES

# `undocumented`: a system says yes, and neither in which form it was asked nor when.
_BASES: Final = (
    "express_written", "express", "soft_opt_in", "double_opt_in", "implied", "undocumented",
)  # fmt: skip
_STATUS: Final = '"status__typed"'
_AT: Final = '"occurred_at__typed"'
# Systems write 2000-01-01 and 2001-01-01, too, where they know no date: a refusal dated so would
# stand before the grant that it takes back.
_FIRST_DAY: Final = "2001-01-02"
_LOADED_AT: Final = "getvariable('loaded_at')"
_IS_EARLY: Final = f"coalesce({_AT} < timestamptz '{_FIRST_DAY} 00:00:00Z', false)"
_IS_LATE: Final = f"coalesce({_AT} > {_LOADED_AT}, false)"

# What the first look lets pass: all else is settled.
RULES: Final = (
    one_of("status", "granted", "revoked"),
    # Only a grant rests on its basis: a refusal counts whatever it is said to rest on.
    one_of("basis", *_BASES, when=f"{_STATUS} = 'granted'"),
    Rule(_IS_EARLY, f"occurred_at is before {_FIRST_DAY}"),
    Rule(f"{_STATUS} = 'revoked' and {_IS_LATE}", "occurred_at is after the load"),
)

_IS_DATED: Final = (
    f"coalesce(not {_IS_EARLY} and {_AT} < timestamptz '{LAST_YEAR + 1}-01-01 00:00:00Z', false)"
)
_IS_UNREAD: Final = f'("occurred_at__text" is not null and not {_IS_DATED} and not {_IS_EARLY})'
_HAS_CHANNEL: Final = '"channel__typed" is not null'
IS_GRANT: Final = f"coalesce({_STATUS} = 'granted', false)"
_IS_CLEAN: Final = f"({IS_GRANT} and {_IS_DATED} and {_HAS_CHANNEL})"
IS_REVOKED: Final = f"coalesce({_STATUS} = 'revoked', false)"
_FROM_LOAD: Final = f"(not {_IS_DATED} or (not {_IS_CLEAN} and {_IS_LATE}))"
_TEXTS: Final = ", ".join(
    f"coalesce(\"{name}__text\", '')" for name in INPUT_TABLES["consents"].input_names
)
_HASH: Final = f"md5(concat_ws('|', {_TEXTS}))"
_IS_KNOWN_BASIS: Final = f'"basis__typed" in ({", ".join(repr(basis) for basis in _BASES)})'

SETTLEMENT: Final = Settlement(
    columns={
        "channel": '"channel__typed"',
        "status": f"case when {_IS_CLEAN} then 'granted' when {IS_REVOKED} then 'revoked' "
        "else 'unclear' end",
        "basis": f'case when not {_IS_CLEAN} or {_IS_KNOWN_BASIS} then "basis__typed" end',
        "occurred_at": f"case when {_IS_DATED} then {_AT} else {_LOADED_AT} end",
        "dated_by": f"case when {_FROM_LOAD} then 'load' end",
        "seen_in_load": f"case when not {_IS_DATED} then getvariable('load_id') end",
        "row_hash": f"case when not {_IS_DATED} then {_HASH} end",
    },
    doubts=(
        Rule('"status__text" is null', "landed as unclear: status is missing"),
        Rule(
            f'"status__text" is not null and not {IS_GRANT} and not {IS_REVOKED}',
            "landed as unclear: status is no word of consent_words.csv",
        ),
        Rule(
            f'{IS_GRANT} and "occurred_at__text" is null',
            "landed as unclear: a grant whose occurred_at is missing",
        ),
        Rule(
            f"{IS_GRANT} and {_IS_UNREAD}",
            "landed as unclear: a grant whose occurred_at is not a date",
        ),
        Rule(
            f"{IS_GRANT} and {_IS_EARLY}",
            f"landed as unclear: a grant whose occurred_at is before {_FIRST_DAY}",
        ),
        Rule(
            f"{IS_GRANT} and not {_HAS_CHANNEL}",
            "landed as unclear: a grant whose channel is missing",
        ),
        Rule(
            f'{IS_REVOKED} and "occurred_at__text" is null',
            "a refusal that counts from this load: occurred_at is missing",
        ),
        Rule(
            f"{IS_REVOKED} and {_IS_UNREAD}",
            "a refusal that counts from this load: occurred_at is not a date",
        ),
        Rule(
            f"{IS_REVOKED} and {_IS_EARLY}",
            f"a refusal that counts from this load: occurred_at is before {_FIRST_DAY}",
        ),
        Rule(
            f"{IS_REVOKED} and {_IS_DATED} and {_IS_LATE}",
            "a refusal that counts from this load: occurred_at is after it",
        ),
        Rule(
            f"{IS_REVOKED} and not {_HAS_CHANNEL}",
            "a refusal of every channel: channel is missing",
        ),
        Rule(
            f'{_IS_CLEAN} and "basis__text" is not null and not {_IS_KNOWN_BASIS}',
            "landed without basis, which is none of " + ", ".join(_BASES),
        ),
    ),
)


def counted_from_load(columns: Mapping[str, str], says_no: str) -> dict[str, str]:
    """The columns of a settlement, with rows that another column refuses counted from the load.

    When that was said is not known, and it was after the yes of the same row.
    """
    instead = {
        "status": "'unclear'",
        "occurred_at": f"greatest({_LOADED_AT}, case when {_IS_DATED} then {_AT} end)",
        "dated_by": "'load'",
        "seen_in_load": "getvariable('load_id')",
        "row_hash": _HASH,
    }
    return {
        name: f"case when {says_no} then {instead[name]} else {old} end" if name in instead else old
        for name, old in columns.items()
    }
