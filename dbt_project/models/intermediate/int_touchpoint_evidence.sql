with events as (
    select * from {{ ref('stg_touchpoint_events') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

counted as (
    select
        events.touchpoint,
        cast(count(*) as bigint) as count_events,
        cast(sum(
            case when events.occurred_at >= {{ add_seconds('clock.as_of', '-2419200') }} then 1 else 0 end
        ) as bigint) as count_events_28d,
        cast(count(distinct events.customer_id) as bigint) as count_customers,
        min(events.occurred_at) as first_evidence_at,
        max(events.occurred_at) as last_evidence_at
    from events
    cross join clock
    group by events.touchpoint
)

select * from counted
