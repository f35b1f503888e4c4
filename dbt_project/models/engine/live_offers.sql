with

enrollments as (

    select * from {{ ref('dec_entry__started') }}
    where
        arm = 'treatment'
        and purchased_at is null

),

messages as (

    select
        told.*,
        messages.left_at

    from {{ ref('int_offers__told') }} as told
    inner join {{ ref('int_messages__all') }} as messages
        on told.message_id = messages.message_id
    where
        messages.has_left
        and not told.is_extra

),

offers as (

    select * from {{ ref('offers') }}

),

given_codes as (

    select * from {{ ref('int_offers__given_codes') }}

),

-- An offer is the customer's once a message has told them of it.
told as (

    select
        enrollments.enrollment_id,
        enrollments.customer_id,
        coalesce(given_codes.ends_at, messages.offer_expires_at)
            as offer_expires_at,
        offers.offer_id,
        offers.kind,
        offers.value,
        offers.detail,
        coalesce(given_codes.code, offers.code) as code,
        row_number() over (
            partition by enrollments.customer_id
            order by messages.left_at desc, enrollments.enrollment_id asc
        ) as told_rank

    from enrollments
    inner join messages
        on enrollments.enrollment_id = messages.enrollment_id
    inner join offers
        on messages.offer_id = offers.offer_id
    left join given_codes
        on
            messages.enrollment_id = given_codes.enrollment_id
            and messages.offer_id = given_codes.offer_id
    where
        coalesce(given_codes.ends_at, messages.offer_expires_at) > {{ as_of() }}
        and coalesce(given_codes.code, offers.code) is not null

),

final as (

    select
        -- ids
        customer_id,
        enrollment_id,
        offer_id,

        -- the offer
        kind,
        code,
        value,
        detail,

        -- timestamps
        offer_expires_at

    from told
    where told_rank = 1

)

select * from final
