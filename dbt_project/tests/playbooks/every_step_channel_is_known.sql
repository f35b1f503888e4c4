-- A step goes out by a channel that has a price for every country.
-- A returned row is a step with a channel that is not in `channel_costs`.
select
    steps.playbook_id,
    steps.step,
    steps.channel
from {{ ref('playbook_steps') }} as steps
left join {{ ref('channel_costs') }} as channels
    on
        steps.channel = channels.channel
        and channels.country = '*'
where channels.channel is null
