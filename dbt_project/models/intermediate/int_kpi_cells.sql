{{ config(materialized='view') }}

-- A cell is what one reading is made of: KPI and statistic, segment and value, period. Weeks and months are counted
-- from the same members as days, never from the days' values; of a period that saw a change of definition, the days
-- after it. A wave is cut by int_kpi_waves; of one that saw a change of definition, the days after it.
{% set columns = [
    'journey', 'kpi', 'kind', 'definition', 'statistic', 'estimator', 'segment', 'segment_value', 'cohort_date', 'total',
    'squares', 'weight_total', 'weight_squares', 'decided_count', 'open_count',
] %}
with tallies as (
    select * from {{ ref('int_kpi_tallies') }}
),

quantiles as (
    select * from {{ ref('int_kpi_quantiles') }}
),

counts as (
    select * from {{ ref('int_period_counts') }}
),

segments as (
    select * from {{ ref('int_profile_segments') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

waves as (
    select * from {{ ref('int_kpi_waves') }}
),

split as (
    select
        tallies.journey,
        tallies.kpi,
        tallies.kind,
        tallies.definition,
        tallies.statistic,
        tallies.estimator,
        segments.segment,
        segments.segment_value,
        tallies.cohort_date,
        tallies.wave,
        sum(tallies.total) as total,
        sum(tallies.squares) as squares,
        sum(coalesce(tallies.weight_total, cast(tallies.decided_count as decimal(38, 20)))) as weight_total,
        sum(coalesce(tallies.weight_squares, cast(tallies.decided_count as decimal(38, 20)))) as weight_squares,
        sum(tallies.decided_count) as decided_count,
        sum(tallies.open_count) as open_count,
        max(tallies.matures_at) as matures_at
    from tallies
    inner join segments on tallies.journey = segments.journey and tallies.profile = segments.profile
    -- Of promises, a day that is not over has no reading: those that are kept are known before those that are not.
    where tallies.statistic <> 'promises_kept' or tallies.decided_count > 0
    group by
        tallies.journey, tallies.kpi, tallies.kind, tallies.definition, tallies.statistic, tallies.estimator,
        segments.segment, segments.segment_value, tallies.cohort_date, tallies.wave
),

by_period as (
    select
        {% for column in columns -%}
        split.{{ column }},
        {% endfor -%}
        split.matures_at,
        periods.period,
        {{ first_day_in('periods.period', 'split.cohort_date') }} as period_start,
        cast(null as text) as wave_name,
        cast(null as date) as wave_last_date
    from split
    cross join (values ('day'), ('week'), ('month')) as periods (period)
    union all
    select
        {% for column in columns -%}
        split.{{ column }},
        {% endfor -%}
        waves.closes_at as matures_at,
        'wave' as period,
        waves.period_start,
        waves.wave_name,
        waves.last_date as wave_last_date
    from split
    inner join waves on split.journey = waves.journey and split.kpi = waves.kpi and split.wave = waves.wave
    union all
    select
        counts.journey,
        counts.kpi,
        counts.kind,
        counts.definition,
        'rate' as statistic,
        'proportion' as estimator,
        segments.segment,
        segments.segment_value,
        counts.period_start as cohort_date,
        cast(counts.numerator as decimal(38, 20)) as total,
        null as squares,
        cast(counts.denominator as decimal(38, 20)) as weight_total,
        cast(counts.denominator as decimal(38, 20)) as weight_squares,
        cast(counts.denominator as bigint) as decided_count,
        0 as open_count,
        counts.matures_at,
        periods.period,
        {{ first_day_in('periods.period', 'counts.period_start') }} as period_start,
        cast(null as text) as wave_name,
        cast(null as date) as wave_last_date
    from counts
    inner join segments on counts.journey = segments.journey and counts.profile = segments.profile
    inner join (values ('day'), ('week'), ('month')) as periods (period)
        on counts.covers = 'day' or counts.covers = periods.period
),

counted as (
    select
        by_period.journey,
        by_period.kpi,
        by_period.kind,
        by_period.definition,
        kpis.map_version,
        by_period.statistic,
        by_period.estimator,
        by_period.segment,
        by_period.segment_value,
        by_period.period,
        by_period.period_start,
        by_period.wave_name,
        cast(sum(by_period.total) as double precision) as total,
        cast(sum(by_period.squares) as double precision) as squares,
        cast(sum(by_period.weight_total) as double precision) as weight_total,
        cast(sum(by_period.weight_squares) as double precision) as weight_squares,
        cast(sum(by_period.decided_count) as bigint) as decided_count,
        cast(sum(by_period.open_count) as bigint) as open_count,
        max(by_period.matures_at) as matures_at
    from by_period
    inner join kpis
        on
            by_period.journey = kpis.journey
            and by_period.kpi = kpis.kpi
            and by_period.definition = kpis.definition
            and case
                when by_period.wave_last_date is not null
                    then {{ in_force('kpis', 'by_period.wave_last_date') }}
                else {{ holds_for('kpis', 'by_period.period', 'by_period.period_start') }}
            end
    group by
        by_period.journey, by_period.kpi, by_period.kind, by_period.definition, kpis.map_version, by_period.statistic,
        by_period.estimator, by_period.segment, by_period.segment_value, by_period.period, by_period.period_start,
        by_period.wave_name
),

cells as (
    select
        *,
        cast(null as double precision) as quantile,
        cast(null as double precision) as quantile_low,
        cast(null as double precision) as quantile_high
    from counted
    {% for statistic in ['median', 'p90'] -%}
    union all
    select
        journey,
        kpi,
        kind,
        definition,
        map_version,
        '{{ statistic }}' as statistic,
        'quantile' as estimator,
        segment,
        segment_value,
        period,
        period_start,
        cast(null as text) as wave_name,
        null as total,
        null as squares,
        null as weight_total,
        null as weight_squares,
        decided_count,
        open_count,
        matures_at,
        {{ statistic }} as quantile,
        {{ statistic }}_low as quantile_low,
        {{ statistic }}_high as quantile_high
    from quantiles
    {% endfor %}
)

select * from cells
