with cells as (
    select * from {{ ref('int_kpi_cells') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

estimated as (
    select
        *,
        cast(decided_count as double precision) as decided,
        case estimator
            when 'proportion' then total / nullif(decided_count, 0)
            when 'mean' then total / nullif(decided_count, 0)
            when 'nps' then 200 * total / nullif(decided_count, 0) - 100
            when 'count' then total
            else quantile
        end as estimate,
        case estimator
            when 'mean' then {{ half_width('total', 'squares', 'decided_count', 1) }}
            when 'nps' then 200 * {{ half_width('total', 'squares', 'decided_count', 0) }}
        end as half_width
    from cells
),

bounded as (
    select
        *,
        case estimator
            when 'proportion' then {{ wilson('total', 'decided', '-') }}
            when 'nps' then case when half_width is not null then greatest(estimate - half_width, -100) end
            else estimate - half_width
        end as ci_low,
        case estimator
            when 'proportion' then {{ wilson('total', 'decided', '+') }}
            when 'nps' then case when half_width is not null then least(estimate + half_width, 100) end
            else estimate + half_width
        end as ci_high
    from estimated
),

readings as (
    select
        bounded.journey,
        bounded.kpi,
        kpis.kind,
        bounded.statistic,
        bounded.statistic = {{ first_statistic('kpis') }} as is_primary,
        kpis.stage,
        bounded.segment,
        bounded.segment_value,
        bounded.period,
        bounded.period_start,
        bounded.estimate as value,
        case
            when bounded.estimator not in ('median', 'p90') and bounded.decided_count > 0 then bounded.total
        end as numerator,
        case when bounded.estimator <> 'count' then bounded.decided end as denominator,
        bounded.decided_count as sample_size,
        bounded.open_count,
        bounded.ci_low,
        bounded.ci_high,
        {{ statistic_unit('bounded.estimator') }} as unit,
        {{ statistic_direction('bounded.statistic', 'kpis') }} as direction,
        bounded.status,
        bounded.matures_at,
        kpis.map_version
    from bounded
    inner join kpis on bounded.journey = kpis.journey and bounded.kpi = kpis.kpi
)

select * from readings
