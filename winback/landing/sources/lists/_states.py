"""What each row of a list says: of which address and channel, which state, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from winback.base.duck import literal
from winback.base.errors import WinbackError
from winback.landing._batch import LINE
from winback.landing._consent_states import meaning
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._texts import FILE, Texts

# Names in landing which consents came from a list.
SAYS: Final = "list"
# How Mailchimp names the files of one audience.
_MEMBERS: Final = ("unsubscribed", "nonsubscribed", "subscribed", "cleaned")
# Without the address that the form was sent from, an import or a shop's sync brought the member:
# CONFIRM_TIME and CONFIRM_IP are then the import's.
_LEVEL: Final = """
    case
        when optin_time is null or optin_ip is null then 'UNKNOWN'
        when confirm_ip is not null and confirm_time <> optin_time then 'CONFIRMED_OPT_IN'
        else 'SINGLE_OPT_IN'
    end
"""
# The rows of each system's file, as SQL over its texts.
_SAID: Final = {
    "members": f"""
        select email, null::varchar as phone, 'email' as channel,
            case when unsub_time is not null then 'UNSUBSCRIBED'
                when clean_time is not null then 'CLEANED' else file_states.state end as state,
            {_LEVEL} as opt_in_level,
            coalesce(unsub_time, clean_time, confirm_time, optin_time) as occurred_at
    """,
    "profiles": """
        select email, null::varchar as phone, 'email' as channel,
            case when is_suppressed then 'SUPPRESSED' else email_state end as state,
            'UNKNOWN' as opt_in_level, case when not is_suppressed then email_at end as occurred_at
    """,
    # Whatever the reason is: it only tells what a stranger's address is kept for.
    "suppressions": """
        select email, null::varchar as phone, 'email' as channel,
            case when regexp_matches(lower(reason), 'unsub|user|manual|opt') then 'UNSUBSCRIBED'
                else 'SUPPRESSED' end as state,
            'UNKNOWN' as opt_in_level, occurred_at
    """,
    "subscribers": """
        select email, null::varchar as phone, 'email' as channel, texts.state,
            'UNKNOWN' as opt_in_level, updated_at as occurred_at
    """,
}
_SAID_OF_TEXTS: Final = """
    select null::varchar, phone, 'sms', sms_state, 'UNKNOWN', sms_at
"""


def file_states(system: str, paths: Sequence[Path]) -> list[str]:
    """Which state the rows of each file have, where its name tells. Raises WinbackError where it
    should and does not."""
    if system != "mailchimp":
        return ["" for _ in paths]
    states = []
    for path in paths:
        found = [name for name in _MEMBERS if path.name.lower().startswith(name)]
        if not found:
            raise WinbackError(
                f"{path.name}: a file of Mailchimp tells by its name who stands in it "
                f"({', '.join(f'{name}_…' for name in _MEMBERS)}): nothing was loaded. Next: give "
                "it back its name"
            )
        states.append(found[0].upper())
    return states


def read_states(work: Work, system: str, kinds: Sequence[Texts], states: Sequence[str]) -> None:
    """The temp table `said`: a row a statement, with what it becomes.

    Its files are counted over all kinds. A statement about an empty address, or an empty one, says
    nothing.
    """
    parts, before = [], 0
    for texts in kinds:
        parts.append(_said_of(texts, states[before : before + len(texts.files)], before))
        before += len(texts.files)
    said = " union all ".join(parts)
    work.connection.execute(
        f"create or replace temp table said as select * from ({said}) "
        "where coalesce(email, phone) is not null and state is not null"
    )
    found = work.connection.execute(
        "select distinct channel, upper(state), opt_in_level from said"
    ).fetchall()
    values = ", ".join(
        f"({literal(channel)}, {literal(state)}, {literal(level)}, "
        f"{literal(means.becomes)}, {literal(means.basis)})"
        for channel, state, level in found
        for means in [meaning(system, channel, state, opt_in_level=level)]
    )
    work.connection.execute(
        f"""
        create or replace temp table said as
        with means as (
            select * from (values {values or "('', '', '', '', '')"})
                as told (channel, state, opt_in_level, becomes, basis)
        )
        select said.*, means.becomes, nullif(means.basis, '') as basis
        from said inner join means on said.channel = means.channel
            and upper(said.state) = means.state and said.opt_in_level = means.opt_in_level
        """
    )


def _said_of(texts: Texts, states: Sequence[str], before: int) -> str:
    """SQL for what the files of one kind say; `before` them come those of other kinds."""
    name = texts.kind.name
    numbered = ", ".join(f"({n}, {literal(state)})" for n, state in enumerate(states, start=1))
    suppressed = ", coalesce(email_suppressions <> '[]', false) as is_suppressed"
    source = (
        f"from (select *{suppressed if name == 'profiles' else ''} "
        f"from {parquet(texts.path)}) as texts inner join "
        f"(values {numbered}) as file_states (number, state) on texts.{FILE} = file_states.number"
    )
    place = f"{FILE} + {before} as {FILE}, {LINE}"
    said = f"{_SAID[name]}, {place} {source}"
    if name == "profiles":
        said += f" union all {_SAID_OF_TEXTS}, {place} {source}"
    return said
