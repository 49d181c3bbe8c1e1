{{ config(materialized='view') }}

-- How long before its period a gap in the data still matters: the harmonic mean of how long the promises had been under
-- way, which is the time by which the length of a gap is divided to say what share of the closings it hides.
with lengths as (
    select * from {{ ref('int_promise_lengths') }}
),

segments as (
    select * from {{ ref('int_profile_segments') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

by_period as (
    select
        lengths.*,
        segments.segment,
        segments.segment_value,
        periods.period,
        {{ first_day_in('periods.period', 'lengths.cohort_date') }} as period_start
    from lengths
    inner join segments on lengths.journey = segments.journey and lengths.profile = segments.profile
    cross join (values ('day'), ('week'), ('month')) as periods (period)
),

spans as (
    select
        by_period.journey,
        by_period.kpi,
        by_period.segment,
        by_period.segment_value,
        by_period.period,
        by_period.period_start,
        cast(3.6e12 as double precision) * cast(sum(by_period.count_promises) as double precision)
        / cast(sum(by_period.inverse_length_total) as double precision) as typical_seconds
    from by_period
    inner join kpis
        on
            by_period.journey = kpis.journey
            and by_period.kpi = kpis.kpi
            and by_period.definition = kpis.definition
            and {{ holds_for('kpis', 'by_period.period', 'by_period.period_start') }}
    group by
        by_period.journey, by_period.kpi, by_period.segment, by_period.segment_value, by_period.period,
        by_period.period_start
)

select * from spans
