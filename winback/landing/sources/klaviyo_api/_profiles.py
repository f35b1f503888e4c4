"""Profiles of Klaviyo's API with their subscriptions: how each was asked, since when, what blocks.

What a state becomes stands in the seed consent_states.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from winback.base.duck import literal
from winback.landing._batch import LINE
from winback.landing._consent_states import meaning
from winback.landing._stage import Work
from winback.landing.sources._texts import FILE
from winback.landing.sources.klaviyo_api._pages import PAGE

_EMAIL: Final = "subscriptions.email.marketing"
_SMS: Final = "subscriptions.sms.marketing"
# What is read of a profile, with ours; docs/sources.md names each by its last word.
PROFILE_FIELDS: Final[Mapping[str, str]] = {
    "email": "email",
    "phone_number": "phone",
    "locale": "language",
    f"{_EMAIL}.consent": "email_consent",
    f"{_EMAIL}.consent_timestamp": "email_since",
    f"{_EMAIL}.last_updated": "email_updated",
    f"{_EMAIL}.method": "email_method",
    f"{_EMAIL}.double_optin": "email_double",
    f"{_EMAIL}.can_receive_email_marketing": "email_can",
    f"{_EMAIL}.suppression": "email_suppression",
    f"{_EMAIL}.list_suppressions": "email_lists",
    f"{_SMS}.consent": "sms_consent",
    f"{_SMS}.consent_timestamp": "sms_since",
    f"{_SMS}.last_updated": "sms_updated",
    f"{_SMS}.can_receive_sms_marketing": "sms_can",
}
# A person who filled in a form of the shop's own was asked; an import or another system's call
# tells nothing of that.
FORMS: Final = ("FORM", "PREFERENCE_PAGE", "PREFERENCE_CENTER", "SUBSCRIBE_PAGE", "CHECKOUT")
_NOT_EMPTY: Final = "coalesce({0}, '[]') not in ('[]', 'null', '')"


def read_profiles(work: Work) -> None:
    """Add what the profiles say to the temp table `said`: a row a channel.

    An address that is suppressed, on all lists or on some, or that Klaviyo does not write to, has
    no yes, whatever its consent is called.
    """
    fields = ", ".join(
        f"nullif(trim(json_extract_string(record, '$.attributes.{path}')), '') as {name}"
        for path, name in PROFILE_FIELDS.items()
    )
    work.connection.execute(
        f"""
        create or replace temp table profiles as
        select {PAGE}, {FILE}, {LINE}, {fields} from records where type = 'profile'
        """
    )
    forms = ", ".join(map(literal, FORMS))
    work.connection.execute(
        f"""
        create or replace temp table wishes as
        select email, null::varchar as phone, 'email' as channel,
            case
                when {_NOT_EMPTY.format("email_suppression")}
                    or (email_can = 'false' and upper(email_consent) = 'SUBSCRIBED')
                    then 'SUPPRESSED'
                when {_NOT_EMPTY.format("email_lists")} then 'UNSUBSCRIBED'
                else upper(email_consent)
            end as word,
            case
                when email_double = 'true' then 'CONFIRMED_OPT_IN'
                when upper(email_method) in ({forms}) then 'SINGLE_OPT_IN'
                else 'UNKNOWN'
            end as opt_in_level,
            case
                when {_NOT_EMPTY.format("email_suppression")}
                    then json_extract_string(email_suppression, '$[0].timestamp')
                when {_NOT_EMPTY.format("email_lists")}
                    then json_extract_string(email_lists, '$[0].timestamp')
                else coalesce(email_since, email_updated)
            end as occurred_at, {PAGE}, {FILE}, {LINE}
        from profiles where email is not null and email_consent is not null
        union all
        select null, phone, 'sms',
            case when sms_can = 'false' and upper(sms_consent) = 'SUBSCRIBED' then 'UNSUBSCRIBED'
                else upper(sms_consent) end,
            'UNKNOWN', coalesce(sms_since, sms_updated), {PAGE}, {FILE}, {LINE}
        from profiles where phone is not null and sms_consent is not null
        """
    )
    _add_meanings(work)


def _add_meanings(work: Work) -> None:
    found = work.connection.execute("select distinct channel, word, opt_in_level from wishes")
    values = ", ".join(
        f"({', '.join(map(literal, (channel, word, level, means.becomes, means.basis)))})"
        for channel, word, level in found.fetchall()
        for means in [meaning("klaviyo", channel, word, opt_in_level=level)]
    )
    work.connection.execute(
        f"""
        insert into said by name
        select wishes.email, wishes.phone, 'consent' as kind, wishes.channel, wishes.word,
            means.becomes, nullif(means.basis, '') as basis, wishes.occurred_at,
            wishes.{PAGE}, wishes.{FILE}, wishes.{LINE}
        from wishes
        inner join (values {values or "('', '', '', '', '')"})
            as means (channel, word, opt_in_level, becomes, basis)
            using (channel, word, opt_in_level)
        """
    )
