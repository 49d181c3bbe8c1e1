{{ config(materialized=row_mart()) }}

with responses as (
    select * from {{ ref('int_responses') }}
),

instances as (
    select * from {{ ref('int_named_instances') }}
),

inside as (
    select
        journey,
        profile
    from {{ ref('int_profile_segments') }}
    where segment = 'all'
),

scored as (
    select
        responses.journey,
        responses.kpi,
        responses.response_id,
        instances.instance_id,
        responses.survey,
        responses.question,
        responses.score,
        responses.emotion_state,
        responses.is_top,
        responses.is_bottom,
        responses.responded_at,
        responses.responded_date,
        inside.profile is not null as is_in_viewpoint
    from responses
    left join instances on responses.actor_key = instances.actor_key and responses.passage = instances.passage
    left join inside on responses.journey = inside.journey and responses.profile = inside.profile
)

select * from scored
