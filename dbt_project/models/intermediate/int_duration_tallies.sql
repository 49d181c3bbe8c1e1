{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_days', 'key': ['journey', 'cohort_date']}
) }}

-- The spells of a day that moments of truth rest on, counted by how long they took; `at_most_seconds` is NULL for those
-- that are not over. Nothing in it depends on now: only new rows change a day.
with watched as (
    select distinct
        journey,
        kpi
    from {{ ref('int_map_moments') }}
),

spells as (
    select * from {{ ref('int_timed_spells') }} as spells
    {{ only_touched('int_touched_days', 'spells', ['journey', 'cohort_date=started_date']) }}
),

binned as (
    select
        spells.*,
        case
            when spells.closed_at is not null
                then {{ duration_bin('spells.closed_clock - spells.started_clock') }}
        end as at_most_seconds
    from spells
    inner join watched on spells.journey = watched.journey and spells.kpi = watched.kpi
),

tallied as (
    select
        journey,
        kpi,
        kind,
        definition,
        calendar,
        profile,
        started_date as cohort_date,
        cast(at_most_seconds as bigint) as at_most_seconds,
        cast(count(*) as bigint) as count_spells,
        cast(max(started_clock) as bigint) as last_started_clock,
        cast(min(gives_up_clock - started_clock) as bigint) as least_window_clock
    from binned
    group by journey, kpi, kind, definition, calendar, profile, started_date, at_most_seconds
)

select * from tallied
