{{ config(materialized='view') }}

-- The waves of each survey KPI. A wave begins with its first response (or invitation, of a response rate). It is over
-- when the next one begins, or when no response has come for `wave_closes_after` of its sources. Waves that begin on
-- the same day cannot be put in order: they are one reading.
with tallies as (
    select * from {{ ref('int_kpi_tallies') }}
    where wave is not null
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

fed as (
    select * from {{ ref('int_kpi_sources') }}
),

sources as (
    select * from {{ ref('stg_map_sources') }}
),

closing as (
    select
        fed.journey,
        fed.kpi,
        coalesce(max(sources.wave_closes_seconds), 14 * 86400) as wave_closes_seconds
    from fed
    inner join sources on fed.source = sources.source
    group by fed.journey, fed.kpi
),

named as (
    select
        journey,
        kpi,
        wave,
        min(cohort_date) as period_start,
        max(cohort_date) as last_date,
        max(matures_at) as decided_at
    from tallies
    group by journey, kpi, wave
),

ordered as (
    select
        journey,
        kpi,
        period_start,
        case when count(*) = 1 then min(wave) else min(wave) || ' to ' || max(wave) end as wave_name,
        max(last_date) as last_date,
        max(decided_at) as decided_at,
        lead(period_start) over (partition by journey, kpi order by period_start) as next_start
    from named
    group by journey, kpi, period_start
),

closed as (
    select
        ordered.journey,
        ordered.kpi,
        ordered.period_start,
        ordered.wave_name,
        ordered.last_date,
        greatest(
            ordered.decided_at,
            least(
                {{ add_seconds('ordered.decided_at', 'closing.wave_closes_seconds') }},
                {{ utc_of_midnight('ordered.next_start', 'journeys.timezone') }}
            )
        ) as closes_at
    from ordered
    inner join journeys on ordered.journey = journeys.journey
    left join closing on ordered.journey = closing.journey and ordered.kpi = closing.kpi
)

select
    named.journey,
    named.kpi,
    named.wave,
    closed.period_start,
    closed.wave_name,
    closed.last_date,
    closed.closes_at
from named
inner join closed
    on named.journey = closed.journey and named.kpi = closed.kpi and named.period_start = closed.period_start
