-- A price in another currency needs a rate in WINBACK_EXCHANGE_RATES, like USD:EUR=0.92. Where the
-- shop names no currency, all prices are in one.
-- A returned row is a currency without a rate, or one of several.
with

currencies as (

    select
        currency,
        count(*) over () as currency_count

    from {{ ref('channel_costs') }}
    group by currency

)

select currency
from currencies
where
    {{ exchange_rate('currency') }} is null
    {% if not var('currency') -%}
    or currency_count > 1
    {%- endif %}
