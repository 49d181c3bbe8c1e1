with cells as (
    select * from {{ ref('int_kpi_statuses') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

t_quantiles as (
    select * from {{ ref('int_t_quantiles') }}
),

weighted as (
    select
        *,
        coalesce(weight_total, decided_count) as weights,
        {{ weight_scale('weight_total', 'weight_squares') }} as weight_scale
    from cells
),

-- Weights are scaled so that they add up to the effective sample size: intervals are those of so many answers.
effective as (
    select
        *,
        total * weight_scale as effective_total,
        squares * weight_scale as effective_squares,
        cast(weights * weight_scale as double precision) as effective_count
    from weighted
),

estimated as (
    select
        cells.*,
        case cells.estimator
            when 'proportion' then cells.total / nullif(cells.weights, 0)
            when 'mean' then cells.total / nullif(cells.weights, 0)
            when 'nps' then least(200 * cells.total / nullif(cells.weights, 0) - 100, 100)
            when 'count' then cells.total
            else cells.quantile
        end as estimate,
        case
            when cells.estimator = 'mean'
                then
                    {{ standard_error('effective_total', 'effective_squares', 'effective_count') }}
                    * {{ t_quantile('floor(cells.effective_count - 1 + 1e-9)', 't_quantiles') | indent(20) }}
        end as half_width
    from effective as cells
    left join t_quantiles
        on cells.estimator = 'mean' and floor(cells.effective_count - 1 + 1e-9) = t_quantiles.degrees
),

bounded as (
    select
        *,
        case estimator
            when 'proportion' then {{ wilson('effective_total', 'effective_count', '-') }}
            when 'nps'
                then {{ adjusted_wald('effective_total', 'effective_squares', 'effective_count', '-') | indent(16) }}
            when 'quantile' then quantile_low
            else estimate - half_width
        end as ci_low,
        case estimator
            when 'proportion' then {{ wilson('effective_total', 'effective_count', '+') }}
            when 'nps'
                then {{ adjusted_wald('effective_total', 'effective_squares', 'effective_count', '+') | indent(16) }}
            when 'quantile' then quantile_high
            else estimate + half_width
        end as ci_high
    from estimated
),

-- Of a segment too small to be shown, nothing is shown. No mean lies beyond the ends of its scale; that of peak_end is
-- from 0 to 1.
shown as (
    select
        bounded.journey,
        bounded.kpi,
        kpis.kind,
        bounded.statistic,
        bounded.statistic = {{ first_statistic('kpis') }} as is_primary,
        case
            when kpis.level_touchpoint is not null then 'touchpoint'
            when kpis.stage is not null then 'stage'
            else 'journey'
        end as level,
        kpis.stage,
        kpis.level_touchpoint as touchpoint,
        bounded.segment,
        bounded.segment_value,
        bounded.period,
        bounded.period_start,
        bounded.wave_name as wave,
        case when not bounded.is_suppressed then bounded.estimate end as value,
        case
            when bounded.estimator = 'quantile' or bounded.is_suppressed then null
            when bounded.decided_count > 0 or kpis.kind = 'rate' then bounded.total
        end as numerator,
        case
            when bounded.estimator <> 'count' and not bounded.is_suppressed
                then cast(bounded.weights as double precision)
        end as denominator,
        case when not bounded.is_suppressed then bounded.decided_count end as sample_size,
        case
            when bounded.estimator in ('proportion', 'mean', 'nps') and not bounded.is_suppressed
                then bounded.effective_count
        end as effective_sample_size,
        case when not bounded.is_suppressed then bounded.open_count end as open_count,
        case
            when bounded.is_suppressed or bounded.ci_low is null then null
            when bounded.estimator = 'mean' then greatest(bounded.ci_low, coalesce(kpis.scale_min, 0))
            else bounded.ci_low
        end as ci_low,
        case
            when bounded.is_suppressed or bounded.ci_high is null then null
            when bounded.estimator = 'mean' then least(bounded.ci_high, coalesce(kpis.scale_max, 1))
            else bounded.ci_high
        end as ci_high,
        {{ statistic_unit('bounded.estimator', 'bounded.statistic') }} as unit,
        {{ statistic_direction('bounded.statistic', 'kpis') }} as direction,
        case when bounded.is_behind_gap then 'withheld' else bounded.status end as status,
        bounded.is_suppressed,
        bounded.done_at as matures_at,
        bounded.map_version,
        bounded.definition,
        coalesce(bounded.definition <> lag(bounded.definition) over (
            partition by
                bounded.journey, bounded.kpi, bounded.statistic, bounded.segment, bounded.segment_value, bounded.period
            order by bounded.period_start
        ), false) as is_redefined
    from bounded
    inner join kpis
        on
            bounded.journey = kpis.journey
            and bounded.kpi = kpis.kpi
            and bounded.map_version = kpis.map_version
)

select * from shown
