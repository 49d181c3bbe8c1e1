with instances as (
    select * from {{ ref('int_journey_instances') }}
),

visits as (
    select * from {{ ref('int_stage_visits') }}
),

paths as (
    select
        journey,
        instance_id,
        string_agg(stage, ' > ' order by event_number) as path
    from visits
    group by journey, instance_id
),

journey_instances as (
    select
        instances.journey,
        instances.instance_id,
        instances.customer_id,
        instances.case_id,
        instances.started_at,
        instances.ended_at,
        instances.outcome,
        paths.path,
        instances.count_events,
        instances.count_stages,
        instances.matures_at,
        instances.map_version
    from instances
    left join paths on instances.journey = paths.journey and instances.instance_id = paths.instance_id
)

select * from journey_instances
