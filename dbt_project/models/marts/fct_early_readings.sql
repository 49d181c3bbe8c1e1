with cells as (
    select
        *,
        cast(decided_count as double precision) as decided
    from {{ ref('int_early_statuses') }}
),

-- Of a segment too small to be shown, nothing is shown.
shown as (
    select
        journey,
        kpi,
        kind,
        segment,
        segment_value,
        period_start as cohort_date,
        cast(age_seconds as bigint) as age_seconds,
        case when not is_suppressed then total / nullif(decided_count, 0) end as value,
        case when not is_suppressed and decided_count > 0 then total end as numerator,
        case when not is_suppressed then decided end as denominator,
        case when not is_suppressed then decided_count end as sample_size,
        case when not is_suppressed then open_count end as open_count,
        case when not is_suppressed then {{ wilson('total', 'decided', '-') }} end as ci_low,
        case when not is_suppressed then {{ wilson('total', 'decided', '+') }} end as ci_high,
        status,
        is_suppressed,
        done_at as matures_at,
        map_version,
        definition
    from cells
)

select * from shown
