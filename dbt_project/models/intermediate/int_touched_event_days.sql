-- The local days of the events that touched passages have, or had, and those on which what was promised in them falls
-- due.
{% set before = as_it_was('int_journey_events') %}
with touched as (
    select * from {{ ref('int_touched_instances') }}
),

events as (
    select
        recut.actor_key,
        recut.passage,
        recut.place_number,
        recut.moment,
        recut.due_at
    from {{ ref('int_recut_events') }} as recut
    {% if not counting_anew() -%}
    union all
    select
        before.actor_key,
        before.passage,
        before.place_number,
        before.moment,
        before.due_at
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

promising as (
    select distinct journey from {{ ref('int_kpis') }}
    where kind = 'promises_kept'
),

-- The events are many and looked at once: days are few.
pairs as (
    select distinct
        places.journey,
        {{ local_date(moment_at('events.moment'), 'journeys.timezone') }} as event_date,
        case
            when promising.journey is not null and events.due_at is not null
                then {{ local_date('events.due_at', 'journeys.timezone') }}
        end as due_date
    from events
    inner join touched on events.actor_key = touched.actor_key and events.passage = touched.passage
    inner join places on events.place_number = places.place_number
    inner join journeys on places.journey = journeys.journey
    left join promising on places.journey = promising.journey
),

days as (
    select
        journey,
        event_date as cohort_date
    from pairs
    union
    select
        journey,
        due_date as cohort_date
    from pairs
    where due_date is not null
)

select * from days
