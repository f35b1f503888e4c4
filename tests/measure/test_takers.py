"""Which playbook would take somebody: on hand-made tables, without dbt."""

from __future__ import annotations

from datetime import date

import duckdb

from winback.measure.backtest._takers import playbooks_of, takers_of
from winback.warehouse import Replay

DAY = date(2026, 3, 1)
# A playbook of the first family asks first, whatever its own priority; one that has no step on
# a channel of its group takes nobody.
TABLES = """
    set timezone = 'UTC';
    attach ':memory:' as winback;
    create table winback.playbooks as select * from (values
        ('bring back', 0.1), ('remind', 0.2), ('switched off', 0.1), ('pictures', 0.1)
    ) as t (playbook_id, holdout_share);
    create table winback.int_playbooks__entry as select * from (values
        ('bring back', 3, 1, 'email', true),
        ('remind', 1, 11, 'email', true),
        ('switched off', 1, 1, 'email', false),
        ('pictures', 0, 1, 'email', true)
    ) as t (playbook_id, family_priority, priority, reach, is_enabled);
    create table winback.int_playbooks__segments as
        select playbook_id, 'gone' as segment, null::int as daily_limit, 'o' as offer_id
        from winback.playbooks;
    create table winback.playbook_steps as select
        playbook_id, if(playbook_id = 'pictures', 'mms', 'email') as channel
        from winback.playbooks;
    create table winback.channel_costs as select 'email' as channel, 'email' as channel_group;
    create table entries as select
        unnest(['reachable', 'barred']) as customer_id,
        'segment' as population, 'entry' as kind, date '2026-03-01' as day;
    create table winback.channel_eligibility as
        select customer_id, 'email' as channel, customer_id = 'reachable' as is_reachable
        from entries;
    create table winback.int_customers__known as select customer_id, 'US' as country from entries;
    create table winback.int_customers__dialing as select * from winback.int_customers__known;
    create table winback.int_windows__customer_windows as select
        customer_id, 'email' as channel_group,
        timestamptz '2026-03-02 12:00:00+00' as window_opens_at,
        timestamptz '2026-03-02 20:00:00+00' as window_closes_at
        from entries;
"""


def test_the_first_family_takes_who_can_be_reached() -> None:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        replay = Replay(connection, [])

        found = [p.playbook_id for p in playbooks_of(replay, "gone")]
        assert found == ["pictures", "remind", "bring back"]
        (group,) = takers_of(replay, "gone", DAY)

    assert (group.playbook_id, group.people, len(group.ways)) == ("remind", 1, 1)
