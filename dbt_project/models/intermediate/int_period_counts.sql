{{ config(materialized='view') }}

-- Totals that came as such, by the KPI that reads them; a total covers a day, a week or a month, and is never split.
with counts as (
    select * from {{ ref('stg_period_counts') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'rate'
),

parts as (
    select * from {{ ref('int_segment_parts') }}
),

measured as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        kpis.definition,
        counts.count_id,
        counts.source,
        counts.covers,
        cast(counts.period_start as date) as period_start,
        counts.numerator,
        counts.denominator,
        counts.segments,
        {{ utc_of_midnight(day_after('counts.covers', 'counts.period_start'), 'kpis.timezone') }} as matures_at
    from counts
    inner join kpis
        on counts.measure = kpis.measure and {{ in_force('kpis', 'cast(counts.period_start as date)') }}
),

profiles as (
    select
        measured.journey,
        measured.kpi,
        measured.source,
        measured.count_id,
        {{ profile_of(json_text('measured.segments', 'parts.part')) }} as profile
    from measured
    inner join parts on measured.journey = parts.journey
    group by measured.journey, measured.kpi, measured.source, measured.count_id
),

described as (
    select
        measured.*,
        coalesce(profiles.profile, '') as profile
    from measured
    left join profiles
        on
            measured.journey = profiles.journey
            and measured.kpi = profiles.kpi
            and measured.source = profiles.source
            and measured.count_id = profiles.count_id
)

select * from described
