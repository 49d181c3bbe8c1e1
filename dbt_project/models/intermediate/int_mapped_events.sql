{{ config(materialized='view') }}

with events as (
    select * from {{ ref('stg_touchpoint_events') }}
),

touchpoints as (
    select * from {{ ref('int_touchpoints') }}
),

-- An actor is a case, or a customer where the event names no case; an event that names neither walks no journey.
-- `moment` orders the events of an actor: time first, then the order of the map (of at most 1,000 touchpoints).
mapped as (
    select
        touchpoints.journey,
        {{ key_of(
            "touchpoints.journey || case when events.case_id is not null then '|case|' else '|customer|' end"
            ~ " || coalesce(events.case_id, events.customer_id)"
        ) }} as actor_key,
        events.event_id,
        events.source,
        events.batch_id,
        events.customer_id,
        events.case_id,
        events.occurred_at,
        events.due_at,
        events.segments,
        touchpoints.map_version,
        touchpoints.touchpoint,
        touchpoints.stage,
        touchpoints.stage_position,
        touchpoints.is_start,
        touchpoints.is_end,
        touchpoints.is_staffed,
        touchpoints.window_seconds,
        touchpoints.idle_seconds,
        {{ microseconds('events.occurred_at') }} * 2048 + touchpoints.map_order as moment
    from events
    inner join touchpoints
        on
            events.touchpoint = touchpoints.touchpoint
            and events.occurred_at >= touchpoints.in_force_from_at
            and events.occurred_at < touchpoints.in_force_to_at
    where coalesce(events.case_id, events.customer_id) is not null
)

select * from mapped
