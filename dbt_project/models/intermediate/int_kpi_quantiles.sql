{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_periods', 'key': ['journey', 'period', 'period_start']}
) }}

-- Median and p90 of durations by Kaplan and Meier, open ones censored; their limits are where the log-log bounds of
-- the curve (exponential Greenwood, 95 %) cross the same height. NULL where the curve or the bound does not get there.
-- E. L. Kaplan, P. Meier, JASA 53, 1958; R. Brookmeyer, J. Crowley, Biometrics 38, 1982.
{% set touched = ref('int_touched_periods') %}
with spells as (
    select * from {{ ref('int_timed_spells') }}
    {% if is_incremental() -%}
    where started_date >= (select min(touched.period_start) from {{ touched }} as touched)
    {%- endif %}
),

segments as (
    select * from {{ ref('int_profile_segments') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

days as (
    select
        journey,
        kpi,
        definition,
        kpi_number,
        profile,
        started_date,
        row_number() over () as day_number,
        count(*) as spell_count,
        sum(case when is_open then 1 else 0 end) as open_count,
        sum(case when is_closed then 1 else 0 end) as closed_count,
        max(case when is_closed then clock_time end) as last_closed,
        min(case when not is_closed then clock_time end) as first_censored,
        max(matures_at) as matures_at
    from spells
    group by journey, kpi, definition, kpi_number, profile, started_date
),

periods as (
    select
        days.*,
        periods.period,
        {{ first_day_in('periods.period', 'days.started_date') }} as period_start
    from days
    cross join (values ('day'), ('week'), ('month')) as periods (period)
),

-- Of a period that saw a change of definition, the days after it: the KPI is that of the version that holds for it.
defined as (
    select
        periods.*,
        kpis.kpi_number as period_kpi_number
    from periods
    inner join kpis
        on
            periods.journey = kpis.journey
            and periods.kpi = kpis.kpi
            and periods.definition = kpis.definition
            and {{ holds_for('kpis', 'periods.period', 'periods.period_start') }}
    {{ only_touched('int_touched_periods', 'periods', ['journey', 'period', 'period_start']) }}
),

{{ survival_curves() }},

names as (
    select distinct
        segment_number,
        segment,
        segment_value
    from segments
),

quantiles as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        kpis.definition,
        kpis.map_version,
        names.segment,
        names.segment_value,
        cells.period,
        cells.period_start,
        cells.spell_count as decided_count,
        cells.open_count,
        cells.matures_at,
        crossings.median / cast(1000000 as double precision) as median,
        crossings.median_low / cast(1000000 as double precision) as median_low,
        crossings.median_high / cast(1000000 as double precision) as median_high,
        crossings.p90 / cast(1000000 as double precision) as p90,
        crossings.p90_low / cast(1000000 as double precision) as p90_low,
        crossings.p90_high / cast(1000000 as double precision) as p90_high
    from cells
    inner join kpis on cells.kpi_number = kpis.kpi_number
    inner join names on cells.segment_number = names.segment_number
    left join crossings on cells.cell_number = crossings.cell_number
)

select * from quantiles
