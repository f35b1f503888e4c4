"""Who is who: an account by its id, and everybody else by an address.

An account has its system's id. A guest, and an account without an id, is known by the email
address, else by the phone. Such an id is a hash, since ids stand in logs and reports. Whoever
landed before with an address keeps the id.
"""

from __future__ import annotations

from dataclasses import dataclass

from winback.landing._batch import LINE
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._addresses import email_key, know_numbers, tail
from winback.landing.sources._texts import FILE


@dataclass(frozen=True)
class People:
    """The customers of one system; the ids of those without an account begin with `prefix`.

    Two rows of one account must agree in `facts`.
    """

    prefix: str
    facts: str

    def read(self, work: Work, told: str, bought: str) -> None:
        """The temp table `accounts`, one row a row of `told` with its customer_id, and what
        `owner_of` looks up.

        `told` is SQL for the accounts as texts. `bought` is SQL for the phone and the country of
        the orders that have no email address.
        """
        work.connection.execute(
            f"create or replace temp table told as "
            f"select *, {email_key('email')} as email_key from ({told})"
        )
        self._know_landed(work)
        _read_phones(work, bought)
        work.connection.execute(
            f"""
            create or replace temp table accounts as
            with owned as (
                select
                    told.*, numbers.number,
                    coalesce(
                        told.id, known.customer_id, {self._hashed("email", "told.email_key")},
                        {self._hashed("phone", "numbers.number")}
                    ) as customer_id
                from told
                left join known on told.email_key = known.email_key
                left join numbers on told.phone = numbers.phone
                    and told.country is not distinct from numbers.country
            )
            select *,
                row_number() over rows as nth,
                row({self.facts}) is distinct from first_value(row({self.facts})) over rows
                    as differs
            from owned
            window rows as (
                partition by coalesce(customer_id, '{FILE}' || {FILE} || '/' || {LINE})
                order by {FILE}, {LINE}
            )
            """
        )
        self._index(work)

    def owner_of(self, email: str, number: str) -> tuple[str, str]:
        """SQL joins that look up the owner of an address, and SQL for the customer_id they give."""
        joins = (
            f"left join by_email on {email} = by_email.email_key "
            f"left join by_number on {email} is null and {number} = by_number.number"
        )
        owner = (
            f"coalesce(by_email.customer_id, by_number.customer_id, {self._hashed('email', email)}"
            f", {self._hashed('phone', number)})"
        )
        return joins, owner

    def is_guest(self, customer_id: str = "customer_id") -> str:
        """SQL: whether the id is one of a person without an account."""
        return f"starts_with({customer_id}, '{self.prefix}')"

    def _hashed(self, kind: str, key: str) -> str:
        return f"'{self.prefix}' || left(sha256('{kind}:' || {key}), 20)"

    def _know_landed(self, work: Work) -> None:
        """The temp table `known`: who landed before, by email; an account before a guest."""
        landed = work.landed("customers")
        rows = (
            f"select {email_key('email')} as email_key, customer_id, merged_into "
            f"from {parquet(landed)}"
            if landed
            else "select null::varchar as email_key, null::varchar as customer_id, "
            "null as merged_into where false"
        )
        work.connection.execute(
            f"""
            create or replace temp table known as
            select email_key, min_by(customer_id, ({self.is_guest()}, customer_id)) as customer_id
            from ({rows}) where merged_into is null and email_key is not null group by email_key
            """
        )

    def _index(self, work: Work) -> None:
        """Whose an address is: of two accounts with one, the first by id."""
        work.connection.execute(
            f"""
            create or replace temp table by_email as
            select email_key, coalesce(min(account_id), min(known_id)) as customer_id
            from (
                select email_key, customer_id as account_id, null as known_id from accounts
                union all
                select email_key, null, customer_id from known where not {self.is_guest()}
            )
            where email_key is not null
            group by email_key
            """
        )
        work.connection.execute(
            """
            create or replace temp table by_number as
            select number, min(customer_id) as customer_id from accounts
            where number is not null group by number
            """
        )


def _read_phones(work: Work, bought: str) -> None:
    """The temp table `numbers`: the one spelling of each phone by which somebody is known."""
    found = work.connection.execute(
        f"""
        with bought as (select distinct phone, country from ({bought}) where phone is not null),
        tails as (select distinct {tail("phone")} as tail from bought)
        select phone, country from bought
        union
        select phone, country from told
        where phone is not null
            and ((id is null and email_key is null)
                or {tail("phone")} in (select tail from tails))
        """
    ).fetchall()
    know_numbers(work, found)
