with

order_codes as (

    select * from {{ ref('int_offers__order_codes') }}

),

given_codes as (

    select * from {{ ref('int_offers__given_codes') }}

),

dealt as (

    select * from {{ ref('int_offers__dealt') }}

),

identities as (

    select * from {{ ref('int_customers__identities') }}

),

offers as (

    select * from {{ ref('offers') }}
    where code_source = 'shared'

),

-- A code of one's own tells whose it is, whoever ordered.
own as (

    select
        order_codes.*,
        given_codes.offer_id,
        'own' as code_kind,
        given_codes.enrollment_id,
        given_codes.customer_id as given_to_customer_id,
        given_codes.given_at as known_from,
        coalesce(given_codes.ends_at, dealt.offer_expires_at) as ends_at

    from order_codes
    inner join given_codes
        on order_codes.code_key = given_codes.code_key
    left join dealt
        on
            given_codes.enrollment_id = dealt.enrollment_id
            and given_codes.offer_id = dealt.offer_id

),

-- A shared one may be of whoever ordered, if it was offered to them before.
shared as (

    select
        order_codes.*,
        offers.offer_id,
        'shared' as code_kind,
        dealt.enrollment_id,
        dealt.customer_id as given_to_customer_id,
        dealt.entered_at as known_from,
        dealt.offer_expires_at as ends_at

    from order_codes
    inner join offers
        on order_codes.code_key = {{ code_key('offers.code') }}
    left join dealt
        on
            offers.offer_id = dealt.offer_id
            and order_codes.customer_id = dealt.customer_id
            and order_codes.ordered_at > dealt.entered_at

),

both_kinds as (

    select * from own
    union all
    select * from shared

),

-- Of several codes and enrollments of an order, the nearest counts.
ranked as (

    select
        *,
        row_number() over (
            partition by order_id
            order by
                code_kind asc,
                case when enrollment_id is null then 1 else 0 end asc,
                known_from desc,
                offer_id asc,
                enrollment_id asc,
                code_key asc
        ) as redemption_rank

    from both_kinds

),

-- One person may have several ids.
identified as (

    select
        ranked.*,
        coalesce(orderers.person_id, ranked.customer_id) as orderer_id,
        coalesce(owners.person_id, ranked.given_to_customer_id) as owner_id

    from ranked
    left join identities as orderers
        on ranked.customer_id = orderers.customer_id
    left join identities as owners
        on ranked.given_to_customer_id = owners.customer_id
    where ranked.redemption_rank = 1

),

final as (

    select
        order_id,
        offer_id,
        enrollment_id,
        customer_id,
        given_to_customer_id,
        code_kind,
        coalesce(owner_id != orderer_id, true) as is_by_stranger,
        coalesce(ordered_at > ends_at, false) as is_late,
        net_revenue_cents,
        discount_cents,
        ordered_at as redeemed_at

    from identified

)

select * from final
