with

enrollments as (

    select * from {{ ref('stg_ledger__enrollments') }}

),

past_enrollments as (

    select * from {{ ref('stg_shop__past_enrollments') }}

),

past_ranked as (

    select
        *,
        row_number() over (
            partition by playbook_id, customer_id, entered_at
            order by arm, variant, planned_share
        ) as entry_rank

    from past_enrollments

),

known as (

    select
        enrollment_id,
        playbook_id,
        customer_id,
        episode_order_id,
        offer_id,
        segment,
        arm,
        case when arm = 'holdout' then '' else variant end as variant,
        'ledger' as origin,
        cast(null as decimal(18, 4)) as planned_share,
        planned_shares,
        global_holdout_share,
        entered_at,
        offer_expires_at

    from enrollments

    union all

    select
        md5(
            concat_ws(
                '|', playbook_id, customer_id, {{ instant_text('entered_at') }}
            )
        ) as enrollment_id,
        playbook_id,
        customer_id,
        cast(null as varchar) as episode_order_id,
        cast(null as varchar) as offer_id,
        cast(null as varchar) as segment,
        arm,
        -- A treated past row may name no variant, or a word that means an arm or
        -- a roll-up in the reports.
        case
            when arm = 'holdout' then ''
            when variant = '' then 'base'
            when variant in ('treatment', 'holdout', 'all')
                then concat('variant_', variant)
            else variant
        end as variant,
        'past' as origin,
        planned_share,
        cast(null as varchar) as planned_shares,
        cast(null as double) as global_holdout_share,
        entered_at,
        cast(null as {{ timestamptz_type() }}) as offer_expires_at

    from past_ranked
    where entry_rank = 1

),

final as (

    select * from known
    where entered_at <= {{ as_of() }}

)

select * from final
