{{ config(materialized='view') }}

-- What people call a passage is text, and made where it is read: what counts knows it by its numbers.
with instances as (
    select * from {{ ref('int_instances') }}
),

actors as (
    select * from {{ ref('int_actors') }}
),

walked as (
    select
        instances.*,
        actors.customer_id,
        actors.case_id
    from instances
    inner join actors on instances.actor_key = actors.actor_key
),

named as (
    select
        walked.*,
        {{ instance_id('walked') }} as instance_id
    from walked
)

select * from named
