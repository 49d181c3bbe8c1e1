{{ config(materialized='view') }}

with ages as (
    select * from {{ ref('int_outcome_ages') }}
    where age_days is null
),

tallies as (
    select * from {{ ref('int_kpi_tallies') }}
),

lost_days as (
    select * from {{ ref('int_kpi_lost_days') }}
),

by_statistic as (
    select
        journey,
        kpi,
        'age' as statistic,
        cohort_date,
        sum(case_count) as case_count
    from ages
    group by journey, kpi, cohort_date
    union all
    select
        journey,
        kpi,
        statistic,
        cohort_date,
        sum(decided_count + open_count) as case_count
    from tallies
    group by journey, kpi, statistic, cohort_date
),

sizes as (
    select
        journey,
        kpi,
        cohort_date,
        cast(max(case_count) as double precision) as case_count
    from by_statistic
    group by journey, kpi, cohort_date
),

-- Only of KPIs that a data gap touches: nobody asks for the others.
marked as (
    select
        sizes.*,
        lost_days.lost_date is not null as is_lost_day
    from sizes
    left join lost_days
        on sizes.journey = lost_days.journey and sizes.kpi = lost_days.kpi and sizes.cohort_date = lost_days.lost_date
    where exists (
        select 1
        from lost_days as any_day
        where any_day.journey = sizes.journey and any_day.kpi = sizes.kpi
    )
)

select * from marked
