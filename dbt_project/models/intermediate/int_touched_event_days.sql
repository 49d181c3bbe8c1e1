-- The local days of the events that touched passages have, or had.
{% set before = as_it_was('int_journey_events') %}
with touched as (
    select * from {{ ref('int_touched_instances') }}
),

events as (
    select
        recut.journey,
        recut.actor_key,
        recut.passage,
        recut.occurred_at
    from {{ ref('int_recut_events') }} as recut
    {% if not counting_anew() -%}
    union all
    select
        before.journey,
        before.actor_key,
        before.passage,
        before.occurred_at
    from {{ before }} as before
    where before.actor_key in (select touched.actor_key from touched)
    {%- endif %}
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

days as (
    select distinct
        events.journey,
        {{ local_date('events.occurred_at', 'journeys.timezone') }} as cohort_date
    from events
    inner join touched on events.actor_key = touched.actor_key and events.passage = touched.passage
    inner join journeys on events.journey = journeys.journey
)

select * from days
