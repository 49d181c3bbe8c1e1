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

hidden as (
    select distinct
        statuses.journey,
        statuses.kpi,
        statuses.segment,
        statuses.segment_value,
        statuses.period,
        statuses.period_start
    from statuses
    inner join spans
        on
            statuses.journey = spans.journey
            and statuses.kpi = spans.kpi
            and statuses.segment = spans.segment
            and statuses.segment_value = spans.segment_value
            and statuses.period = spans.period
            and statuses.period_start = spans.period_start
    inner join gaps on statuses.journey = gaps.journey and statuses.kpi = gaps.kpi
    where
        statuses.statistic = 'promises_kept'
        and gaps.starts_at < statuses.decided_at
        and {{ add_seconds('gaps.ends_at', 'least(spans.typical_seconds, gaps.reach_seconds)') }} > statuses.starts_at
),

final as (
    select
        statuses.journey,
        statuses.kpi,
        statuses.kind,
        statuses.definition,
        statuses.map_version,
        statuses.statistic,
        statuses.estimator,
        statuses.segment,
        statuses.segment_value,
        statuses.period,
        statuses.period_start,
        statuses.total,
        statuses.squares,
        statuses.decided_count,
        statuses.open_count,
        statuses.matures_at,
        statuses.quantile,
        statuses.quantile_low,
        statuses.quantile_high,
        statuses.min_cell,
        statuses.starts_at,
        statuses.decided_at,
        statuses.late_seconds,
        statuses.done_at,
        case when hidden.kpi is not null then 'withheld' else statuses.status end as status,
        statuses.is_suppressed
    from statuses
    left join hidden
        on
            statuses.statistic = 'promises_kept'
            and statuses.journey = hidden.journey
            and statuses.kpi = hidden.kpi
            and statuses.segment = hidden.segment
            and statuses.segment_value = hidden.segment_value
            and statuses.period = hidden.period
            and statuses.period_start = hidden.period_start
)

select * from final
