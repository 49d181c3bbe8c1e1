{{ config(materialized='view') }}

-- A promise that falls due today may have been kept last week: a gap in the data before the period hides that. A gap is
-- thought to hide its own share of the time that a promise was under way. Below a twentieth it changes nothing that
-- anybody would act on.
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
        20 * {{ seconds_between('blind_spots.starts_at', 'blind_spots.ends_at') }} as reach_seconds
    from {{ ref('stg_blind_spots') }} as blind_spots
    inner join {{ ref('int_kpi_sources') }} as sources on blind_spots.source = sources.source
    inner join promising on sources.journey = promising.journey and sources.kpi = promising.kpi
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

behind as (
    select distinct
        spans.journey,
        spans.kpi,
        spans.segment,
        spans.segment_value,
        spans.period,
        spans.period_start
    from spans
    inner join journeys on spans.journey = journeys.journey
    inner join gaps on spans.journey = gaps.journey and spans.kpi = gaps.kpi
    where
        gaps.starts_at
        < {{ utc_of_midnight(day_after('spans.period', 'spans.period_start'), 'journeys.timezone') }}
        and {{ add_seconds('gaps.ends_at', 'least(spans.typical_seconds, gaps.reach_seconds)') }}
        > {{ utc_of_midnight('spans.period_start', 'journeys.timezone') }}
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
