with

happenings as (

    select * from {{ ref('int_messages__happenings') }}

),

-- An address without its fragment is hashed as the links of messages are
-- (winback/base/addresses.py).
products as (

    select
        product_id,
        {{ address_hash(dbt.split_part('product_url', "'#'", 1)) }} as link_key,
        {{ remove_matches(dbt.split_part(
            dbt.split_part('product_url', "'#'", 1), "'?'", 1
        ), '/+$') }} as page_address

    from {{ ref('stg_shop__products') }}
    where product_url is not null

),

-- Two products may share a page.
by_link as (

    select
        link_key,
        min(product_id) as product_id

    from products
    group by link_key

),

-- Where products differ by their query alone, the page tells none of them.
by_page as (

    select
        page_address,
        min(product_id) as product_id

    from products
    group by page_address
    having count(*) = 1

),

clicks as (

    select
        message_id,
        link,
        min(link_pos) as link_pos,
        max(link_address) as link_address,
        min(occurred_at) as clicked_at

    from happenings
    where
        kind = 'clicked'
        and not is_machine
        and link is not null
    group by
        message_id,
        link

),

final as (

    select
        -- ids
        clicks.message_id,
        clicks.link as link_id,
        coalesce(by_link.product_id, by_page.product_id) as product_id,

        -- facts
        clicks.link_pos,
        clicks.link_address,

        -- timestamps
        clicks.clicked_at

    from clicks
    left join by_link
        on {{ dbt.concat(["'sha256:'", 'clicks.link']) }} = by_link.link_key
    left join by_page
        on clicks.link_address = by_page.page_address

)

select * from final
