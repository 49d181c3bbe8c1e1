{{ config(materialized='view') }}

-- Each passage as the clock stands.
with instances as (
    select * from {{ ref('int_journey_instances') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

judged as (
    select
        instances.*,
        instances.ended_at is not null or instances.window_ends_at <= clock.as_of as is_mature,
        case
            when instances.ended_at is not null then 'completed'
            when instances.window_ends_at <= clock.as_of then 'lost'
            else 'open'
        end as outcome
    from instances
    cross join clock
)

select * from judged
