{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_days', 'key': ['journey', 'cohort_date']}
) }}

-- How long the promises that fall due on a day had been under way: summed as 3.6e18 over each length in microseconds,
-- at least an hour, in whole numbers, so that no order of arrival changes a digit.
with promises as (
    select
        promises.*,
        kpis.journey,
        kpis.kpi,
        kpis.definition,
        promises.due_date as cohort_date
    from {{ ref('int_promises') }} as promises
    inner join {{ ref('int_kpis') }} as kpis
        on promises.kpi_number = kpis.kpi_number and {{ in_force('kpis', 'promises.due_date') }}
    where not promises.is_wrong_order
),

counted as (
    select * from promises
    {{ only_touched('int_touched_days', 'promises', ['journey', 'cohort_date']) }}
),

tallied as (
    select
        journey,
        kpi,
        definition,
        profile,
        cohort_date,
        cast(count(*) as bigint) as count_promises,
        cast(sum(cast(floor(
            cast(3.6e18 as double precision)
            / greatest({{ microseconds('due_at') }} - {{ microseconds('started_at') }}, 3600000000)
        ) as bigint)) as bigint) as inverse_length_total
    from counted
    group by journey, kpi, definition, profile, cohort_date
)

select * from tallied
