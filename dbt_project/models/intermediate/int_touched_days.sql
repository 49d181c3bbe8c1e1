-- The days whose cohorts have to be counted again: of touched passages and sayings, and those that were not over.
{% set sayings_before = as_it_was('int_placed_sayings') %}
{% set last_run = ref('stg_last_run') %}
{% set tables = ['int_kpi_tallies', 'int_kpi_quantiles', 'int_early_tallies', 'int_stage_moves'] %}
with touched as (
    select * from {{ ref('int_touched_sayings') }}
),

sayings as (
    select
        moved.journey,
        moved.said_date,
        moved.passage_started_date
    from {{ ref('int_moved_sayings') }} as moved
    {% if not counting_anew() -%}
    union all
    select
        before.journey,
        before.said_date,
        before.passage_started_date
    from {{ sayings_before }} as before
    inner join touched
        on
            before.journey = touched.journey
            and before.saying = touched.saying
            and before.saying_id = touched.saying_id
            and before.source = touched.source
    {%- endif %}
),

days as (
    select
        journey,
        cohort_date
    from {{ ref('int_touched_event_days') }}
    union
    select
        journey,
        said_date as cohort_date
    from sayings
    union
    select
        journey,
        passage_started_date as cohort_date
    from sayings
    where passage_started_date is not null
    {% if not counting_anew() -%}
    {% for table in tables -%}
    union
    select
        before.journey,
        before.cohort_date
    from {{ as_it_was(table) }} as before
    where
        before.cohort_date is not null
        and before.matures_at > (select last_run.as_of from {{ last_run }} as last_run)
    {% endfor %}
    {%- endif %}
)

select * from days
