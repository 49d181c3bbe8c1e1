with touchpoints as (
    select * from {{ ref('dim_touchpoints') }}
    where is_current
),

days as (
    select * from {{ ref('int_touchpoint_days') }}
),

clock as (
    select cast(as_of as date) as today
    from {{ ref('stg_clock') }}
),

source_ends as (
    select
        days.source,
        max(days.local_date) as last_date
    from days
    where days.local_date < (select clock.today from clock)
    group by days.source
),

-- Up to when the sources of a touchpoint brought any events.
source_reach as (
    select
        days.touchpoint,
        max(source_ends.last_date) as last_date
    from days
    inner join source_ends on days.source = source_ends.source
    group by days.touchpoint
),

seen as (
    select distinct
        touchpoints.journey,
        touchpoints.touchpoint,
        days.local_date
    from touchpoints
    inner join days on touchpoints.touchpoint = days.touchpoint
),

-- Days on which the journey had any event: on others nothing can be missed.
active_days as (
    select distinct
        journey,
        local_date
    from seen
),

journey_days as (
    select
        journey,
        local_date,
        row_number() over (partition by journey order by local_date) as day_number
    from active_days
),

-- Today is not over.
journey_ends as (
    select
        journey,
        max(day_number) as last_number
    from journey_days
    where local_date < (select clock.today from clock)
    group by journey
),

numbered as (
    select
        seen.journey,
        seen.touchpoint,
        journey_days.day_number,
        journey_days.day_number - lag(journey_days.day_number) over (
            partition by seen.journey, seen.touchpoint order by journey_days.day_number
        ) as gap_days,
        row_number() over (
            partition by seen.journey, seen.touchpoint order by journey_days.day_number desc
        ) as newest
    from seen
    inner join journey_days on seen.journey = journey_days.journey and seen.local_date = journey_days.local_date
),

-- The newest hundred gaps: what was usual years ago may no longer be.
summed as (
    select
        journey,
        touchpoint,
        max(day_number) as last_number,
        count(gap_days) as count_gaps,
        coalesce(sum(gap_days), 0) as sum_gap_days,
        coalesce(sum(case when gap_days > 1 then 1 else 0 end), 0) as count_silences,
        coalesce(sum(gap_days - 1), 0) as sum_silent_days,
        coalesce(sum((gap_days - 1) * (gap_days - 1)), 0) as sum_squared_silent_days,
        coalesce(max(gap_days - 1), 0) as longest_silent_days
    from numbered
    where newest <= 100
    group by journey, touchpoint
),

reach as (
    select
        summed.journey,
        summed.touchpoint,
        max(journey_days.day_number) as source_number
    from summed
    inner join source_reach on summed.touchpoint = source_reach.touchpoint
    inner join journey_days
        on summed.journey = journey_days.journey and source_reach.last_date >= journey_days.local_date
    group by summed.journey, summed.touchpoint
),

rhythm as (
    select
        summed.journey,
        summed.touchpoint,
        cast(summed.count_gaps as bigint) as count_gaps,
        cast(summed.sum_gap_days as bigint) as sum_gap_days,
        cast(summed.count_silences as bigint) as count_silences,
        cast(summed.sum_silent_days as bigint) as sum_silent_days,
        cast(summed.sum_squared_silent_days as bigint) as sum_squared_silent_days,
        cast(summed.longest_silent_days as bigint) as longest_silent_days,
        cast(greatest(coalesce(journey_ends.last_number, 0) - summed.last_number, 0) as bigint) as silent_days,
        cast(
            greatest(
                least(coalesce(reach.source_number, 0), coalesce(journey_ends.last_number, 0)) - summed.last_number, 0
            ) as bigint
        ) as silent_days_of_source
    from summed
    left join journey_ends on summed.journey = journey_ends.journey
    left join reach on summed.journey = reach.journey and summed.touchpoint = reach.touchpoint
)

select * from rhythm
