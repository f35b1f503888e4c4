-- What a run is about to report. One row a rule: rule, figure, allowed, examples.
with

findings as (

    select
        'steps_accepted_twice' as rule,
        enrollment_id as id
    from warehouse.messages
    where state = 'accepted' and origin = 'ledger'
    group by enrollment_id, step, channel
    having count(*) > 1

    union all

    select
        'accepted_without_a_time',
        message_id
    from warehouse.messages
    where state = 'accepted' and accepted_at is null

    union all

    select
        'reactivated_above_assigned',
        playbook_id || '/' || arm || '/' || variant
    from warehouse.reactivation_rates
    where reactivated > assigned

    union all

    select
        'messages_of_unknown_outcome',
        message_id
    from warehouse.messages
    where state in ('unknown', 'unknown_final')

    union all

    select
        'messages_accepted_twice',
        message_id
    from warehouse.messages
    where state_reason = 'accepted_twice'

)

select
    rule,
    cast(count(*) as double) as figure,
    0.0 as allowed,
    array_to_string(list_sort(list(distinct id))[1:5], ', ') as examples
from findings
group by rule
