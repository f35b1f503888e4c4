with

told as (

    select * from {{ ref('int_offers__told') }}

),

enrollments as (

    select * from {{ ref('dec_entry__started') }}
    where purchased_at is null

),

given_codes as (

    select * from {{ ref('int_offers__given_codes') }}

),

offers as (

    select * from {{ ref('offers') }}

),

-- Until the end that the message told.
ending as (

    select
        told.customer_id,
        told.enrollment_id,
        told.offer_id,
        offers.kind,
        coalesce(
            given_codes.ends_at,
            case
                when enrollments.offer_id = told.offer_id
                    then enrollments.offer_expires_at
            end,
            told.offer_expires_at,
            told.holds_until
        ) as holds_until

    from told
    inner join enrollments
        on told.enrollment_id = enrollments.enrollment_id
    inner join offers
        on told.offer_id = offers.offer_id
    left join given_codes
        on
            told.enrollment_id = given_codes.enrollment_id
            and told.offer_id = given_codes.offer_id

),

final as (

    select
        customer_id,
        enrollment_id,
        offer_id,
        kind,
        max(holds_until) as holds_until

    from ending
    where holds_until > {{ as_of() }}
    group by customer_id, enrollment_id, offer_id, kind

)

select * from final
