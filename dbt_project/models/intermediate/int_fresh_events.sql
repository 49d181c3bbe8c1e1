-- What this run sees for the first time, looked for once: all events are looked at for it.
with events as (
    {{ fresh_rows(ref('stg_touchpoint_events'), 'occurred_at') | indent(4) }}
)

select * from events
