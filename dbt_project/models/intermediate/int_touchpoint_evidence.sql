with events as (
    select * from {{ ref('stg_touchpoint_events') }}
),

counted as (
    select
        touchpoint,
        cast(count(*) as bigint) as count_events,
        cast(count(distinct customer_id) as bigint) as count_customers,
        min(occurred_at) as first_evidence_at,
        max(occurred_at) as last_evidence_at
    from events
    group by touchpoint
)

select * from counted
