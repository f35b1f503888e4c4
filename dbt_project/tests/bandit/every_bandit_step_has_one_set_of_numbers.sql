-- What holds for a step is the same in all rows of its arms, and can be.
-- A returned row is a step whose rows differ, or one with a share, a rate or days that can't be.
{%- set numbers = [
    'random_control_share', 'discount', 'response_days', 'max_opt_out_rate', 'max_complaint_rate'
] %}
select
    playbook_id,
    step
from {{ ref('bandit_steps') }}
group by
    playbook_id,
    step
having
    count(distinct is_on) != 1
    or count(is_on) != count(*)
    {%- for number in numbers %}
    or count(distinct coalesce({{ number }}, -1)) != 1
    {%- endfor %}
    or min(random_control_share) <= 0
    or max(random_control_share) >= 1
    or min(discount) <= 0
    or max(discount) > 1
    or min(response_days) < 1
    or min(max_opt_out_rate) <= 0
    or max(max_opt_out_rate) >= 1
    or min(max_complaint_rate) <= 0
    or max(max_complaint_rate) >= 1
