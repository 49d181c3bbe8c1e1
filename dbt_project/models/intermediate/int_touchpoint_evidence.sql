with days as (
    select * from {{ ref('int_touchpoint_days') }}
),

events as (
    select * from {{ ref('stg_touchpoint_events') }}
),

clock as (
    select {{ add_seconds('as_of', '-2419200') }} as recently
    from {{ ref('stg_clock') }}
),

recent as (
    select
        events.touchpoint,
        count(*) as count_events_28d,
        count(distinct events.customer_id) as count_customers_28d
    from events
    where events.occurred_at >= (select clock.recently from clock)
    group by events.touchpoint
),

summed as (
    select
        touchpoint,
        cast(sum(count_events) as bigint) as count_events,
        min(first_at) as first_evidence_at,
        max(last_at) as last_evidence_at
    from days
    group by touchpoint
),

evidence as (
    select
        summed.*,
        cast(coalesce(recent.count_events_28d, 0) as bigint) as count_events_28d,
        cast(coalesce(recent.count_customers_28d, 0) as bigint) as count_customers_28d
    from summed
    left join recent on summed.touchpoint = recent.touchpoint
)

select * from evidence
