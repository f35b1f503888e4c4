"""Columns that are not ours and whose name means a refusal, or a yes that may be denied.

Nothing of ours reads what such a column says in full. In consents it is enough that it may say no:
then the row is no clean grant. In other files the load counts these rows, and says where to
write them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Final

from winback.base.duck import literal
from winback.landing._casts import SPACES, Rule, Settlement, Spec
from winback.landing._consents import IS_GRANT, IS_REVOKED, counted_from_load
from winback.landing._sql import ident, parquet
from winback.landing._stage import Staged, Work
from winback.landing._words import fold, words_for

# Names without blanks, `_`, `-` and `.`.
_NO: Final = re.compile(
    r"unsub|optedout|optout|donot(contact|e?mail|call|text|sms|send|market|disturb|track)|^dnc$"
    r"|^no(sms|e?mail|marketing|contact|calls?|texts?|newsletter)s?$|revo(ked|cation)"
    r"|withdr(awn|ew|awal)|suppress|bl(ack|ock)list|bounced|complain|refused|erasure"
    r"|desabonn|desinscri|abgemeldet|abbestellt|widerruf|uitgeschreven|wypisan|disiscri"
)
# A link to leave by stands beside every yes.
_NO_WISH: Final = re.compile(r"(url|link|token|page)$")
_YES: Final = re.compile(
    r"(buyer|customer)?accepts?(ed)?(e?mail|sms|mobile|phone)?(marketing|newsletter)"
    r"|(is)?(e?mail|sms|marketing|newsletter)?(subscribed|optedin|optin)(e?mail|sms|marketing)?"
)
# What a consent may be called in files that hold no consents.
_CONSENT: Final = re.compile(
    r"consent|optin|optedin|subscribed|newsletter|einwillig|(gdpr|marketing)permission"
)
# "Did she opt out?" "No."
_NOT_SO: Final = ("no", "n", "false", "f", "0", "0 0", "nein", "non", "nee", "nao", "nie", "falso")
# What exports write where there is nothing.
_EMPTY: Final = ("", "null", "none", "nan", "nat", r"\n", "-", "0000-00-00")
# The files in which a shop may keep columns of consents.
_TOLD: Final = ("customers", "orders")


def refusal_columns(columns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Those of a file's columns that may say no."""
    return [name for name in columns if name not in known and (_is_no(name) or _is_yes(name))]


def with_refusals(spec: Spec, columns: Sequence[str]) -> Spec:
    """The spec of consents for a file with such columns: no clean grant where one says no."""
    if spec.settlement is None or not columns:
        return spec
    found = {name: f"(not {IS_REVOKED} and {says_no(name)})" for name in columns}
    settled = counted_from_load(spec.settlement.columns, " or ".join(found.values()))
    told = tuple(
        Rule(f"{IS_GRANT} and {no}", f"landed as unclear: {_quoted(name)} may say no")
        for name, no in found.items()
    )
    return dataclasses.replace(
        spec,
        rules=(*spec.rules, *(Rule(no, f"{_quoted(name)} says no") for name, no in found.items())),
        settlement=Settlement(settled, (*spec.settlement.doubts, *told)),
    )


def refusal_notes(work: Work, staged: Staged, columns: Sequence[str]) -> list[str]:
    """The warning about such columns in a file in which they have no effect."""
    if staged.name not in _TOLD or not columns or not staged.rows:
        return []
    counts = ", ".join(f"count(*) filter ({says_no(name)})" for name in columns)
    found = work.connection.execute(f"select {counts} from {parquet(staged.path)}").fetchone()
    return [
        f"{staged.rejections.file}: {name} may say no and is not read: {count:,} rows are filled. "
        "Next: send them as rows of consents.csv with status revoked"
        for name, count in zip(columns, found or (), strict=True)
        if count
    ]


def consent_note(staged: Staged, columns: Sequence[str], known: Sequence[str]) -> list[str]:
    """The hint about columns that hold consents where nobody looks for them."""
    found = [
        name
        for name in columns
        if name not in known
        and (_CONSENT.search(_plain(name)) or _is_yes(name))
        and not (_is_no(name) or _NO_WISH.search(_plain(name)))
    ]
    if staged.name not in _TOLD or not found:
        return []
    note = (
        f"{staged.rejections.file}: {', '.join(found)}: no consent is read from this file. "
        "Next: send each yes and no as a row of consents.csv"
    )
    return [note]


def wish_of(name: str) -> str:
    """What a field is about by its name: `no` for a refusal, `yes` for a consent, else nothing."""
    plain = _plain(name)
    if _NO_WISH.search(plain):
        return ""
    if _NO.search(plain):
        return "no"
    return "yes" if _is_yes(name) or _CONSENT.search(plain) or "marketing" in plain else ""


def is_harmless(text: str) -> bool:
    """Whether a field whose name means a refusal says that there is none."""
    return text.lower() in _EMPTY or fold(text) in _NOT_SO


def says_no(name: str) -> str:
    """SQL: whether a column that may say no does; what is empty says nothing."""
    text = f"lower(trim(cast({ident(name)} as varchar), '{SPACES}'))"
    folded = f"strip_accents(regexp_replace({text}, '(\\w)[\\s_.-]+(\\w)', '\\1 \\2', 'g'))"
    words = words_for("consent_words", "granted") if _is_yes(name) else _NOT_SO
    harmless = f"{folded} in ({_listed(words)}) or {text} in ({_listed(_EMPTY)})"
    return f"coalesce(not ({harmless}), false)"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(literal(word) for word in words)


def _is_no(name: str) -> bool:
    plain = _plain(name)
    return bool(_NO.search(plain)) and not _NO_WISH.search(plain)


def _is_yes(name: str) -> bool:
    return bool(_YES.fullmatch(_plain(name)))


def _plain(name: str) -> str:
    return re.sub(r"[\s_.-]", "", name.lower())


def _quoted(name: str) -> str:
    """A column's name as a part of a text in SQL."""
    return name.replace("'", "''")
