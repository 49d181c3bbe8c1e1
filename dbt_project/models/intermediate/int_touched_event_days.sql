-- The local days of the events that touched passages have, or had.
{% set before = as_it_was('int_journey_events') %}
with touched as (
    select * from {{ ref('int_touched_instances') }}
),

events as (
    select
        recut.actor_key,
        recut.passage,
        recut.place_number,
        recut.moment
    from {{ ref('int_recut_events') }} as recut
    {% if not counting_anew() -%}
    union all
    select
        before.actor_key,
        before.passage,
        before.place_number,
        before.moment
    from {{ before }} as before
    where before.actor_key in (select touched.actor_key from touched)
    {%- endif %}
),

places as (
    select * from {{ ref('int_touchpoints') }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

days as (
    select distinct
        places.journey,
        {{ local_date(moment_at('events.moment'), 'journeys.timezone') }} as cohort_date
    from events
    inner join touched on events.actor_key = touched.actor_key and events.passage = touched.passage
    inner join places on events.place_number = places.place_number
    inner join journeys on places.journey = journeys.journey
)

select * from days
