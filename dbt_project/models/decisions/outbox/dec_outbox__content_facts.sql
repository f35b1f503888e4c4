{{ config(materialized='view') }}

with

recipients as (

    select distinct customer_id from {{ ref('dec_outbox__plans') }}

),

facts as (

    select * from {{ ref('int_customers__content_facts') }}

),

picks as (

    select * from {{ ref('dec_outbox__picks') }}

),

products as (

    select * from {{ ref('int_products__offered') }}

),

lines as (

    select
        picks.customer_id,
        picks.kind,
        {{ product_line('picks', 'products') }} as line

    from picks
    inner join recipients
        on picks.customer_id = recipients.customer_id
    inner join products
        on picks.product_id = products.product_id

),

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
lists as (

    select
        customer_id,
        {%- for kind in content_kinds() %}
        {{ product_list("case when kind = '" ~ kind ~ "' then line end") }}
            as {{ kind }}_products
        {{- ',' if not loop.last }}
        {%- endfor %}

    from lines
    group by customer_id

),

final as (

    select
        facts.customer_id,
        {%- for fact in template_facts() if fact.model == 'content_facts' %}
        {{ 'lists' if fact.column.endswith('_products') else 'facts' }}
        {{- '.' ~ fact.column }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from recipients
    inner join facts
        on recipients.customer_id = facts.customer_id
    left join lists
        on recipients.customer_id = lists.customer_id

)

select * from final
