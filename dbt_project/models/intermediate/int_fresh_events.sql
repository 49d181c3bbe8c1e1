-- What this run sees for the first time, looked for once: all events are looked at for it.
with events as (
    select * from {{ ref('stg_touchpoint_events') }} as events
    where {{ is_fresh('events', 'occurred_at') }}
)

select * from events
