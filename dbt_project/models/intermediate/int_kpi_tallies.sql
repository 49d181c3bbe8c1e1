{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_days', 'key': ['journey', 'cohort_date']}
) }}

-- A day's members by profile, counted; scores are summed in decimals, so that no order of arrival changes a digit.
with members as (
    select * from {{ ref('int_kpi_members') }} as members
    {{ only_touched('int_touched_days', 'members', ['journey', 'cohort_date']) }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

tallied as (
    select
        kpi_number,
        statistic,
        estimator,
        profile,
        cohort_date,
        wave,
        sum(cast(outcome as decimal(18, 10))) as total,
        sum(
            case
                when estimator in ('mean', 'nps')
                    then cast(outcome as decimal(18, 10)) * cast(outcome as decimal(18, 10))
            end
        ) as squares,
        {{ weighted_sums() | indent(8) }},
        cast(count(outcome) as bigint) as decided_count,
        cast(count(*) - count(outcome) as bigint) as open_count,
        max(matures_at) as matures_at,
        {{ next_decided_at('outcome', 'matures_at', '(select clock.as_of from clock)') }} as next_decided_at
    from members
    group by kpi_number, statistic, estimator, profile, cohort_date, wave
),

named as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        kpis.definition,
        tallied.statistic,
        tallied.estimator,
        tallied.profile,
        tallied.cohort_date,
        tallied.wave,
        coalesce(tallied.weighted_total, cast(tallied.total as decimal(38, 20))) as total,
        coalesce(tallied.weighted_squares, cast(tallied.squares as decimal(38, 20))) as squares,
        tallied.weight_total,
        tallied.weight_squares,
        tallied.decided_count,
        tallied.open_count,
        tallied.matures_at,
        tallied.next_decided_at
    from tallied
    inner join kpis on tallied.kpi_number = kpis.kpi_number
)

select * from named
