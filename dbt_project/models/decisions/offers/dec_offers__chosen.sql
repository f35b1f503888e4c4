with

choices as (

    select * from {{ ref('dec_bandit__choices') }}
    where offer_id != 'none'

),

told as (

    select distinct
        enrollment_id,
        offer_id

    from {{ ref('int_offers__told') }}
    where not is_extra

),

-- The offer of an arm that was stopped is made to nobody more, and what was told of it holds.
ranked as (

    select
        choices.enrollment_id,
        choices.offer_id,
        choices.offer_expires_at,
        row_number() over (
            partition by choices.enrollment_id
            order by choices.chosen_at, choices.step
        ) as choice_rank

    from choices
    left join told
        on
            choices.enrollment_id = told.enrollment_id
            and choices.offer_id = told.offer_id
    where
        choices.withheld_by is null
        or told.enrollment_id is not null

),

final as (

    select
        enrollment_id,
        offer_id,
        offer_expires_at

    from ranked
    where choice_rank = 1

)

select * from final
