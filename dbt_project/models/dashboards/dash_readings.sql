with readings as (
    select * from {{ ref('fct_kpi_readings') }}
    where not is_suppressed
),

journeys as (
    select * from {{ ref('dim_journeys') }}
    where is_current
),

{{ labelled_stages() }},

kpis as (
    select * from {{ ref('dim_kpis') }}
    where is_current
),

promises as (
    select
        moments.journey,
        moments.kpi,
        moments.statistic,
        promises.segment,
        promises.segment_value,
        max(promises.promise) as promise
    from {{ ref('dim_moments') }} as moments
    inner join {{ ref('dim_promises') }} as promises
        on
            moments.journey = promises.journey
            and moments.version = promises.version
            and moments.moment = promises.moment
    where moments.is_current
    group by moments.journey, moments.kpi, moments.statistic, promises.segment, promises.segment_value
),

general_promises as (
    select * from promises
    where segment = 'all'
),

newest as (
    select
        journey,
        kpi,
        statistic,
        max(period_start) as last_final_date
    from readings
    where segment = 'all' and period = 'day' and status = 'final'
    group by journey, kpi, statistic
),

-- What nobody should trust is not shown. NPS is put into points, so that every value is numerator / denominator.
trusted as (
    select
        *,
        status <> 'withheld' as is_shown,
        case when unit = 'points' and kind = 'nps' then 200 * numerator - 100 * denominator else numerator end as points
    from readings
),

shown as (
    select
        trusted.journey,
        journeys.title as journey_title,
        trusted.stage,
        coalesce(stages.stage_label, 'Whole journey') as stage_label,
        trusted.kpi,
        kpis.title as kpi_title,
        trusted.kind,
        trusted.statistic,
        trusted.is_primary,
        trusted.segment,
        trusted.segment_value,
        {{ segment_label('trusted') }} as segment_label,
        trusted.period,
        trusted.period_start,
        cast(newest.last_final_date - trusted.period_start as integer) as days_back,
        case when trusted.is_shown then trusted.value end as value,
        case when trusted.is_shown then trusted.points end as numerator,
        case when trusted.is_shown then trusted.denominator end as denominator,
        case when trusted.is_shown then trusted.sample_size end as sample_size,
        trusted.open_count,
        case when trusted.is_shown then trusted.ci_low end as ci_low,
        case when trusted.is_shown then trusted.ci_high end as ci_high,
        trusted.unit,
        trusted.direction,
        trusted.status,
        case when trusted.is_primary then kpis.target end as target,
        coalesce(promises.promise, general_promises.promise) as promise,
        kpis.tolerance_seconds,
        trusted.map_version,
        trusted.is_redefined
    from trusted
    inner join kpis on trusted.journey = kpis.journey and trusted.kpi = kpis.kpi
    inner join journeys on trusted.journey = journeys.journey
    left join stages on trusted.journey = stages.journey and trusted.stage = stages.stage
    left join promises
        on
            trusted.journey = promises.journey
            and trusted.kpi = promises.kpi
            and trusted.statistic = promises.statistic
            and trusted.segment = promises.segment
            and trusted.segment_value = promises.segment_value
    left join general_promises
        on
            trusted.journey = general_promises.journey
            and trusted.kpi = general_promises.kpi
            and trusted.statistic = general_promises.statistic
    left join newest
        on
            trusted.journey = newest.journey
            and trusted.kpi = newest.kpi
            and trusted.statistic = newest.statistic
)

select * from shown
