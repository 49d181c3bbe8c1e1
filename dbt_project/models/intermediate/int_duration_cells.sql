{{ config(materialized='view') }}

-- Bins of a cell, and what is the same in all of them: how many spells it has, when the last one began, and the least
-- that any of them may take before it is given up, both by the KPI's clock.
with tallies as (
    select * from {{ ref('int_duration_tallies') }}
),

segments as (
    select * from {{ ref('int_profile_segments') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

by_period as (
    select
        tallies.*,
        segments.segment,
        segments.segment_value,
        periods.period,
        {{ first_day_in('periods.period', 'tallies.cohort_date') }} as period_start
    from tallies
    inner join segments on tallies.journey = segments.journey and tallies.profile = segments.profile
    cross join (values ('day'), ('week')) as periods (period)
),

bins as (
    select
        by_period.journey,
        by_period.kpi,
        by_period.kind,
        by_period.definition,
        by_period.calendar,
        kpis.map_version,
        by_period.segment,
        by_period.segment_value,
        by_period.period,
        by_period.period_start,
        by_period.at_most_seconds,
        cast(sum(by_period.count_spells) as bigint) as count_spells,
        max(by_period.last_started_clock) as last_started_clock,
        min(by_period.least_window_clock) as least_window_clock
    from by_period
    inner join kpis
        on
            by_period.journey = kpis.journey
            and by_period.kpi = kpis.kpi
            and by_period.definition = kpis.definition
            and {{ holds_for('kpis', 'by_period.period', 'by_period.period_start') }}
    group by
        by_period.journey, by_period.kpi, by_period.kind, by_period.definition, by_period.calendar, kpis.map_version,
        by_period.segment, by_period.segment_value, by_period.period, by_period.period_start, by_period.at_most_seconds
),

cells as (
    select
        journey,
        kpi,
        kind,
        definition,
        calendar,
        map_version,
        segment,
        segment_value,
        period,
        period_start,
        at_most_seconds,
        count_spells,
        cast(sum(count_spells) over cell as bigint) as cell_spells,
        max(last_started_clock) over cell as last_started_clock,
        min(least_window_clock) over cell as least_window_clock
    from bins
    window cell as (partition by journey, kpi, map_version, segment, segment_value, period, period_start)
)

select * from cells
