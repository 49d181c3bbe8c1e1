{{ config(materialized='table') }}

with lost_days as (
    select * from {{ ref('int_kpi_lost_days') }}
),

sizes as (
    select * from {{ ref('int_kpi_cohort_sizes') }}
),

ages as (
    select * from {{ ref('int_outcome_ages') }}
),

kpis as (
    select
        journey,
        kpi,
        max(kind) as kind,
        max(
            case
                when kind in ('drop_off', 'conversion') then window_seconds
                else window_seconds + journey_window_seconds
            end
        ) as longest_seconds
    from {{ ref('int_kpis') }}
    group by journey, kpi
),

clock as (
    select cast(as_of as date) as today from {{ ref('stg_clock') }}
),

-- A lost day would have brought as many cases as the busiest day within a week of it.
of_lost_days as (
    select
        lost_days.journey,
        lost_days.kpi,
        lost_days.lost_date as cohort_date,
        lost_days.lost_at,
        greatest(coalesce(max(sizes.case_count), 1), 1) as missing_count,
        cast(0 as double precision) as undecided_count
    from lost_days
    left join sizes
        on
            lost_days.journey = sizes.journey
            and lost_days.kpi = sizes.kpi
            and sizes.cohort_date - lost_days.lost_date between -7 and 7
    group by lost_days.journey, lost_days.kpi, lost_days.lost_date, lost_days.lost_at
),

pairs as (
    select
        sizes.journey,
        sizes.kpi,
        kpis.kind,
        sizes.cohort_date,
        sizes.case_count,
        lost_days.lost_at,
        cast(lost_days.lost_date - sizes.cohort_date as integer) as age_days
    from sizes
    inner join lost_days on sizes.journey = lost_days.journey and sizes.kpi = lost_days.kpi
    inner join kpis on sizes.journey = kpis.journey and sizes.kpi = kpis.kpi
    where
        sizes.cohort_date <= lost_days.lost_date
        and (lost_days.lost_date - sizes.cohort_date - 1) * 86400 <= kpis.longest_seconds
        and kpis.kind not in ({{ quoted(kinds_known_at_once()) }})
),

wanted as (
    select distinct
        journey,
        kpi,
        age_days
    from pairs
    where kind in ({{ quoted(kinds_with_ages()) }})
),

-- Of days that are older than that age.
seen as (
    select
        wanted.journey,
        wanted.kpi,
        wanted.age_days,
        sum(case when ages.age_days is null then ages.case_count end) as count_cases,
        sum(case when ages.age_days = wanted.age_days then ages.case_count else 0 end) as count_decided
    from wanted
    cross join clock
    inner join ages
        on
            wanted.journey = ages.journey
            and wanted.kpi = ages.kpi
            and (ages.age_days is null or wanted.age_days = ages.age_days)
            and wanted.age_days < cast(clock.today - ages.cohort_date as integer)
    group by wanted.journey, wanted.kpi, wanted.age_days
),

of_seen_cases as (
    select
        pairs.journey,
        pairs.kpi,
        pairs.cohort_date,
        pairs.lost_at,
        cast(0 as double precision) as missing_count,
        pairs.case_count * case
            when pairs.kind in ({{ quoted(kinds_with_ages()) }})
                then
                    cast(coalesce(seen.count_decided, 0) + 1 as double precision)
                    / cast(coalesce(seen.count_cases, 0) + 1 as double precision)
            else 1
        end as undecided_count
    from pairs
    left join seen
        on pairs.journey = seen.journey and pairs.kpi = seen.kpi and pairs.age_days = seen.age_days
),

losses as (
    select * from of_lost_days
    union all
    select * from of_seen_cases
)

select * from losses
