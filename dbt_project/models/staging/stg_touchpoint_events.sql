with events as (
    select * from {{ source('raw', 'touchpoint_events') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

seen as (
    select
        events.event_id,
        events.source,
        events.batch_id,
        nullif(events.customer_id, '') as customer_id,
        nullif(events.case_id, '') as case_id,
        events.touchpoint,
        events.channel,
        events.occurred_at,
        events.due_at,
        events.segments
    from events
    where events.occurred_at <= (select clock.as_of from clock)
)

select * from seen
