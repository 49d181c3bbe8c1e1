{{ config(materialized='view') }}

with events as (
    select * from {{ ref('stg_touchpoint_events') }}
),

touchpoints as (
    select * from {{ ref('int_touchpoints') }}
),

-- An actor is a case, or a customer where the event names no case; an event that names neither walks no journey.
-- `moment` orders the events of an actor: time first, then the order of the map (of at most 1,000 touchpoints). Of
-- events that agree even in that, `event_print` decides: any order will do that is the same whenever they arrive.
mapped as (
    select
        {{ actor_key('touchpoints.journey', 'events.case_id', 'events.customer_id') }} as actor_key,
        touchpoints.place_number,
        touchpoints.journey,
        events.source,
        events.batch_id,
        events.customer_id,
        events.case_id,
        events.case_id is not null as is_case,
        events.occurred_at,
        events.due_at,
        {{ text_key("nullif(events.segments, '{}')") }} as segments_key,
        nullif(events.segments, '{}') as segments,
        {{ microseconds('events.occurred_at') }} * 2048 + touchpoints.map_order as moment,
        {{ event_print('events.source', 'events.event_id') }} as event_print
    from events
    inner join touchpoints
        on
            events.touchpoint = touchpoints.touchpoint
            and events.occurred_at >= touchpoints.in_force_from_at
            and events.occurred_at < touchpoints.in_force_to_at
    where coalesce(events.case_id, events.customer_id) is not null
)

select * from mapped
