{{ config(materialized='view') }}

with events as (
    select * from {{ ref('stg_touchpoint_events') }}
),

touchpoints as (
    select * from {{ ref('stg_map_touchpoints') }}
    where is_current
),

journeys as (
    select * from {{ ref('int_journeys') }}
),

-- An actor is a case, or a customer where the event names no case; an event that names neither walks no journey.
mapped as (
    select
        touchpoints.journey,
        events.event_id,
        events.source,
        events.batch_id,
        events.customer_id,
        events.case_id,
        events.touchpoint,
        events.channel,
        events.occurred_at,
        events.due_at,
        events.segments,
        touchpoints.stage,
        touchpoints.stage_position,
        touchpoints.position,
        touchpoints.is_start,
        touchpoints.is_end,
        journeys.window_seconds,
        journeys.idle_seconds,
        touchpoints.journey || case when events.case_id is not null then '|case|' else '|customer|' end
        || coalesce(events.case_id, events.customer_id) as actor_key
    from events
    inner join touchpoints on events.touchpoint = touchpoints.touchpoint
    inner join journeys on touchpoints.journey = journeys.journey
    where coalesce(events.case_id, events.customer_id) is not null
)

select * from mapped
