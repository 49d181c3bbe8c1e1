{{ config(materialized='view') }}

-- What people call a passage is text, and made where it is read: what counts knows it by its numbers.
with instances as (
    select * from {{ ref('int_instances') }}
),

actors as (
    select * from {{ ref('int_actors') }}
),

inside as (
    select
        journey,
        profile
    from {{ ref('int_profile_segments') }}
    where segment = 'all'
),

walked as (
    select
        instances.*,
        actors.customer_id,
        actors.case_id,
        inside.profile is not null as is_in_viewpoint
    from instances
    inner join actors on instances.actor_key = actors.actor_key
    left join inside on instances.journey = inside.journey and instances.profile = inside.profile
),

named as (
    select
        walked.*,
        {{ instance_id('walked') }} as instance_id
    from walked
)

select * from named
