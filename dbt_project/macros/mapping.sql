{#
    The CTE `mapped` over a CTE `events`: each event on its place of the map then in force.

    An actor is a case, or a customer where the event names no case; an event that names neither walks no journey.
    `moment` orders the events of an actor: time first, then the order of the map (of at most 1,000 touchpoints). Those
    that agree even in that are the same touchpoint at the same time: they are put in order by what else is counted of
    them, so that it is the same whenever they arrive.
#}
{% macro map_events() -%}
touchpoints as (
    select * from {{ ref('int_touchpoints') }}
),

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
        {{ microseconds('events.occurred_at') }} * 2048 + touchpoints.map_order as moment
    from events
    inner join touchpoints
        on
            events.touchpoint = touchpoints.touchpoint
            and events.occurred_at >= touchpoints.in_force_from_at
            and events.occurred_at < touchpoints.in_force_to_at
    where coalesce(events.case_id, events.customer_id) is not null
)
{%- endmacro %}
