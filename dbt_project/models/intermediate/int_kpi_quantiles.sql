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

periods as (
    select
        spells.journey,
        spells.kpi,
        spells.definition,
        spells.profile,
        spells.clock_time,
        spells.is_closed,
        spells.is_open,
        spells.matures_at,
        periods.period,
        {{ first_day_in('periods.period', 'spells.started_date') }} as period_start
    from spells
    cross join (values ('day'), ('week'), ('month')) as periods (period)
),

-- Of a period that saw a change of definition, the days after it.
defined as (
    select
        periods.*,
        kpis.kpi_number
    from periods
    inner join kpis
        on
            periods.journey = kpis.journey
            and periods.kpi = kpis.kpi
            and periods.definition = kpis.definition
            and {{ holds_for('kpis', 'periods.period', 'periods.period_start') }}
    {{ only_touched('int_touched_periods', 'periods', ['journey', 'period', 'period_start']) }}
),

{{ survival_curves() }}

select * from quantiles
