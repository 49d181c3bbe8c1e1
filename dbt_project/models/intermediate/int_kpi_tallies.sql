with members as (
    select * from {{ ref('int_kpi_members') }}
),

segments as (
    select * from {{ ref('int_subject_segments') }}
),

-- Each member once for all customers, and once for each segment that the map declares.
split as (
    select
        members.*,
        'all' as segment,
        'all' as segment_value
    from members
    union all
    select
        members.*,
        segments.segment,
        segments.segment_value
    from members
    inner join segments on members.journey = segments.journey and members.subject_id = segments.subject_id
),

dated as (
    select
        split.*,
        {{ first_day_of('week', 'split.cohort_date') }} as cohort_week,
        {{ first_day_of('month', 'split.cohort_date') }} as cohort_month
    from split
),

-- Weeks and months are counted from the members, never from the days' values.
tallied as (
    select
        {{ cell_columns() }},
        sum(outcome) as total,
        sum(outcome * outcome) as squares,
        cast(count(outcome) as bigint) as decided_count,
        cast(count(*) - count(outcome) as bigint) as open_count,
        max(matures_at) as matures_at
    from dated
    group by {{ cell_grouping() }}
),

quantiles as (
    select
        {{ cell_columns() }},
        case estimator
            when 'median' then percentile_cont(0.5) within group (order by outcome)
            else percentile_cont(0.9) within group (order by outcome)
        end as quantile
    from dated
    where estimator in ('median', 'p90') and outcome is not null
    group by {{ cell_grouping() }}
),

cells as (
    select
        tallied.*,
        quantiles.quantile
    from tallied
    left join quantiles
        on
            tallied.estimator in ('median', 'p90')
            and tallied.journey = quantiles.journey
            and tallied.kpi = quantiles.kpi
            and tallied.statistic = quantiles.statistic
            and tallied.segment = quantiles.segment
            and tallied.segment_value = quantiles.segment_value
            and tallied.period = quantiles.period
            and tallied.period_start = quantiles.period_start
)

select * from cells
