-- A keyword is a consent to texts, and no offer is dealt to who joins.
-- A returned row is a step of a series that could never go out.
select
    steps.playbook_id,
    steps.step
from {{ ref('playbook_steps') }} as steps
inner join {{ ref('content_series') }} as series
    on steps.playbook_id = series.playbook_id
left join {{ ref('consent_channels') }} as channels
    on
        steps.channel = channels.channel
        and channels.consent_channel = 'sms'
        and channels.is_granted
where
    channels.channel is null
    or steps.includes_offer
