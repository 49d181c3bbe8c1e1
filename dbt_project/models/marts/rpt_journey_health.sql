with kpis as (
    select * from {{ ref('int_kpis') }}
    where is_current
),

-- What was counted by another definition is another number.
readings as (
    select readings.*
    from {{ ref('fct_kpi_readings') }} as readings
    inner join kpis
        on
            readings.journey = kpis.journey
            and readings.kpi = kpis.kpi
            and readings.definition = kpis.definition
    where readings.segment = 'all' and readings.period = 'week' and readings.is_primary
),

moments as (
    select
        journey,
        kpi,
        max(promise) as promise
    from {{ ref('dim_moments') }}
    where is_current
    group by journey, kpi
),

evidence as (
    select
        journey,
        kpi,
        max(last_evidence_at) as last_evidence_at
    from {{ ref('int_kpi_sources') }}
    group by journey, kpi
),

ranked as (
    select
        *,
        row_number() over (partition by journey, kpi order by period_start desc) as newest,
        row_number() over (partition by journey, kpi, status order by period_start desc) as newest_of_status
    from readings
),

latest as (
    select
        *,
        {{ days_before('period_start', 56) }} as baseline_from
    from ranked
    where status = 'final' and newest_of_status = 1
),

-- Of fewer than four weeks nothing is usual. Counts are pooled; volume is the mean of the weeks in which there was any.
pooled as (
    select
        latest.journey,
        latest.kpi,
        case latest.kind
            when 'nps' then 200 * sum(earlier.numerator) / nullif(sum(earlier.denominator), 0) - 100
            when 'volume' then sum(earlier.numerator) / count(*)
            else sum(earlier.numerator) / nullif(sum(earlier.denominator), 0)
        end as baseline
    from latest
    inner join readings as earlier
        on
            latest.journey = earlier.journey
            and latest.kpi = earlier.kpi
            and earlier.status = 'final'
            and latest.period_start > earlier.period_start
            and latest.baseline_from <= earlier.period_start
    group by latest.journey, latest.kpi, latest.kind
    having count(*) >= 4
),

-- Medians cannot be pooled: that of the eight weeks is the middle one of the weeks that have one.
medians as (
    select
        latest.journey,
        latest.kpi,
        percentile_cont(0.5) within group (order by earlier.value) as baseline
    from latest
    inner join readings as earlier
        on
            latest.journey = earlier.journey
            and latest.kpi = earlier.kpi
            and earlier.status = 'final'
            and latest.period_start > earlier.period_start
            and latest.baseline_from <= earlier.period_start
    where latest.statistic = 'median'
    group by latest.journey, latest.kpi
    having count(*) >= 4
),

health as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        {{ first_statistic('kpis') }} as statistic,
        kpis.title,
        kpis.stage,
        kpis.unit,
        kpis.direction,
        kpis.target,
        moments.promise,
        latest.value as value_week,
        latest.period_start as value_week_start,
        latest.sample_size as sample_size_week,
        latest.ci_low as ci_low_week,
        latest.ci_high as ci_high_week,
        coalesce(medians.baseline, pooled.baseline) as baseline,
        evidence.last_evidence_at,
        coalesce(ranked.status, 'no_data') as status
    from kpis
    left join moments on kpis.journey = moments.journey and kpis.kpi = moments.kpi
    left join latest on kpis.journey = latest.journey and kpis.kpi = latest.kpi
    left join pooled on kpis.journey = pooled.journey and kpis.kpi = pooled.kpi
    left join medians on kpis.journey = medians.journey and kpis.kpi = medians.kpi
    left join evidence on kpis.journey = evidence.journey and kpis.kpi = evidence.kpi
    left join ranked on kpis.journey = ranked.journey and kpis.kpi = ranked.kpi and ranked.newest = 1
)

select * from health
