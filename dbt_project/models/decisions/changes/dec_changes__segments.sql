{{ config(materialized='view') }}

with

-- A segment that no playbook takes is a figure, and stands as of its build.
taken as (

    select distinct
        {{ opening_segment('playbook_segments.segment') }} as segment

    from {{ ref('playbook_segments') }} as playbook_segments
    inner join {{ ref('int_playbooks__entry') }} as playbooks
        on playbook_segments.playbook_id = playbooks.playbook_id
    where playbooks.is_enabled

),

members as (

    select segment_members.segment

    from {{ ref('dec_entry__segment_members') }} as segment_members
    inner join taken
        on segment_members.segment = taken.segment

),

carts as (

    select carts.touched_at
    from {{ ref('int_customers__carts') }} as carts
    inner join taken
        on taken.segment = 'abandoned_cart'

),

interests as (

    select interests.last_seen_at
    from {{ ref('int_customers__interests') }} as interests
    inner join taken
        on taken.segment = 'price_drop'

),

moments as (

    select
        {{ dbt.dateadd(
            'hour', var('abandoned_cart_from_hours'), 'touched_at'
        ) }} as changes_at

    from carts

    union all

    select
        {{ days_after(var('abandoned_cart_to_days'), 'touched_at') }}
            as changes_at

    from carts

    union all

    select
        {{ days_after(var('price_drop_seen_days'), 'last_seen_at') }}
            as changes_at

    from interests

    union all

    -- Each look of theirs counts for so many days, and there are many looks: whose segment
    -- hangs on them may change at any moment.
    select {{ dbt.dateadd('second', 1, as_of()) }} as changes_at

    from members
    where segment = 'repeat_browser'

),

final as (

    select
        'ledger' as hangs_on,
        'segment' as what,
        min(changes_at) as changes_at

    from moments
    where changes_at > {{ as_of() }}
    having min(changes_at) is not null

)

select * from final
