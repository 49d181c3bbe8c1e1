{{ config(materialized='view') }}

-- A promise that falls due today may have been kept last week: a gap in the data before the period hides that. A gap is
-- thought to hide its own share of the time that a promise was under way, of those that were so in it. Where gaps
-- hide more than a twentieth of what was kept, the period is withheld.
with statuses as (
    {{ cells_with_status('int_kpi_cells') | indent(4) }}
),

spans as (
    select * from {{ ref('int_promise_spans') }}
),

promising as (
    select distinct
        journey,
        kpi
    from spans
),

gaps as (
    select distinct
        sources.journey,
        sources.kpi,
        blind_spots.starts_at,
        blind_spots.ends_at,
        {{ seconds_between('blind_spots.starts_at', 'blind_spots.ends_at') }} as gap_seconds
    from {{ ref('stg_blind_spots') }} as blind_spots
    inner join {{ ref('int_kpi_sources') }} as sources on blind_spots.source = sources.source
    inner join promising on sources.journey = promising.journey and sources.kpi = promising.kpi
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

bounded as (
    select
        spans.*,
        {{ utc_of_midnight('spans.period_start', 'journeys.timezone') }} as starts_at,
        {{ utc_of_midnight(day_after('spans.period', 'spans.period_start'), 'journeys.timezone') }} as ends_at
    from spans
    inner join journeys on spans.journey = journeys.journey
),

reached as (
    select
        bounded.journey,
        bounded.kpi,
        bounded.segment,
        bounded.segment_value,
        bounded.period,
        bounded.period_start,
        least(gaps.gap_seconds / bounded.typical_seconds, 1)
        * {{ seconds_between(
            'greatest(gaps.ends_at, bounded.starts_at)',
            'least(' ~ add_seconds('gaps.ends_at', 'bounded.typical_seconds') ~ ', bounded.ends_at)'
        ) }}
        / {{ seconds_between('bounded.starts_at', 'bounded.ends_at') }} as hidden_share
    from bounded
    inner join gaps on bounded.journey = gaps.journey and bounded.kpi = gaps.kpi
    where
        gaps.ends_at < bounded.ends_at
        and {{ add_seconds('gaps.ends_at', 'bounded.typical_seconds') }} > bounded.starts_at
),

behind as (
    select
        journey,
        kpi,
        segment,
        segment_value,
        period,
        period_start
    from reached
    group by journey, kpi, segment, segment_value, period, period_start
    having sum(hidden_share) > 0.05
),

final as (
    select
        statuses.*,
        behind.kpi is not null as is_behind_gap
    from statuses
    left join behind
        on
            statuses.statistic = 'promises_kept'
            and statuses.journey = behind.journey
            and statuses.kpi = behind.kpi
            and statuses.segment = behind.segment
            and statuses.segment_value = behind.segment_value
            and statuses.period = behind.period
            and statuses.period_start = behind.period_start
)

select * from final
