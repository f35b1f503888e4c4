-- An offer says what it gives: nothing is promised that has no number, currency or name.
-- A returned row is an offer whose value or detail isn't what its kind asks for.
select
    offer_id,
    kind,
    value,
    detail
from {{ ref('offers') }}
where
    value is null
    or case
        when kind in ('percent', 'vip', 'price_drop')
            then value <= 0 or value > 100 or detail is not null
        when kind = 'amount'
            then
                value <= 0
                or value != floor(value)
                or length(coalesce(detail, '')) != 3
                or detail != upper(detail)
        when kind = 'points'
            then value <= 0 or value != floor(value) or detail is not null
        when kind = 'gift' then value != 0 or trim(coalesce(detail, '')) = ''
        else value != 0 or detail is not null
    end
