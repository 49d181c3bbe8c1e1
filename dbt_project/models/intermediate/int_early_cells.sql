{{ config(materialized='view') }}

with tallies as (
    select * from {{ ref('int_early_tallies') }}
),

segments as (
    select * from {{ ref('int_profile_segments') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

split as (
    select
        tallies.journey,
        tallies.kpi,
        tallies.kind,
        tallies.definition,
        kpis.map_version,
        segments.segment,
        segments.segment_value,
        'day' as period,
        tallies.cohort_date as period_start,
        tallies.age_seconds,
        cast(sum(tallies.total) as double precision) as total,
        cast(sum(tallies.decided_count) as bigint) as decided_count,
        cast(sum(tallies.open_count) as bigint) as open_count,
        max(tallies.matures_at) as matures_at
    from tallies
    inner join segments on tallies.journey = segments.journey and tallies.profile = segments.profile
    inner join kpis
        on
            tallies.journey = kpis.journey
            and tallies.kpi = kpis.kpi
            and tallies.definition = kpis.definition
            and {{ in_force('kpis', 'tallies.cohort_date') }}
    group by
        tallies.journey, tallies.kpi, tallies.kind, tallies.definition, kpis.map_version, segments.segment,
        segments.segment_value, tallies.cohort_date, tallies.age_seconds
)

select * from split
