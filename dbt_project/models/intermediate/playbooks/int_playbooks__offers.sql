with

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

variants as (

    select * from {{ ref('int_playbooks__variants') }}

),

-- The one that a customer is dealt at entry stands without its id.
dealt as (

    select
        playbook_id,
        max(latest_day) as latest_day

    from steps
    where includes_offer
    group by playbook_id

),

final as (

    select
        playbook_id,
        cast(null as varchar) as offer_id,
        'dealt' as dealt_by,
        latest_day

    from dealt

    union all

    select distinct
        variants.playbook_id,
        variants.offer_id,
        'variant' as dealt_by,
        dealt.latest_day

    from variants
    inner join dealt
        on variants.playbook_id = dealt.playbook_id
    where variants.offer_id is not null

    union all

    select
        playbook_id,
        extra_offer_id as offer_id,
        'step' as dealt_by,
        max(latest_day) as latest_day

    from steps
    where extra_offer_id is not null
    group by playbook_id, extra_offer_id

)

select * from final
