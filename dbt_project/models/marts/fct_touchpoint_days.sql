with days as (
    select * from {{ ref('int_touchpoint_days') }}
),

summed as (
    select
        source,
        touchpoint,
        local_date as event_date,
        cast(sum(count_events) as bigint) as count_events,
        max(last_at) as last_event_at
    from days
    group by source, touchpoint, local_date
)

select * from summed
