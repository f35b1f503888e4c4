{#-
    The products that a message may show, of everyone or of the customers of the model
    `among` alone: a list is ranked of all that a customer has, so that nothing found later
    could spare ranking for those who get no message.
-#}
{% macro picked_products(among=none) -%}
    {%- set for_whom -%}
        {%- if among -%}
            where customer_id in (select customer_id from {{ ref(among) }})
        {%- endif -%}
    {%- endset -%}
with

candidates as (

    select * from {{ ref('int_content__candidates') }}

),

wanted as (

    select * from {{ ref('int_content__wanted') }}

),

offered as (

    select * from {{ ref('int_products__offered') }}

),

ordered as (

    select * from {{ ref('int_customers__ordered_products') }}

),

thinkable as (

    select
        customer_id,
        kind,
        product_id,
        place,
        cast(null as bigint) as seen_price_cents,
        cast(null as {{ timestamptz_type() }}) as seen_at

    from candidates
    {{ for_whom }}

    union all

    select
        customer_id,
        kind,
        product_id,
        cast(0 as bigint) as place,
        seen_price_cents,
        seen_at

    from wanted
    {{ for_whom }}

),

-- Nothing is recommended that was ordered before; what is in a cart or was looked at may be,
-- as long as the order came first.
ranked as (

    select
        thinkable.*,
        row_number() over (
            partition by thinkable.customer_id, thinkable.kind
            order by
                thinkable.place asc,
                thinkable.seen_at desc,
                thinkable.product_id asc
        ) as pick

    from thinkable
    inner join offered
        on thinkable.product_id = offered.product_id
    left join ordered
        on
            thinkable.customer_id = ordered.customer_id
            and thinkable.product_id = ordered.product_id
    where
        ordered.product_id is null
        or ordered.last_ordered_at < thinkable.seen_at

),

final as (

    select
        -- ids
        customer_id,
        kind,
        product_id,

        -- numerics
        cast(pick as bigint) as pick,
        seen_price_cents

    from ranked
    where
        pick <= case
            when kind = 'cart' then {{ var('content_cart_lines') }}
            else {{ var('content_list_size') }}
        end

)

select * from final
{%- endmacro %}
