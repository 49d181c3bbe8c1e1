{{ config(materialized='view') }}

with responses as (
    select * from {{ ref('int_responses') }}
),

scored as (
    select
        journey,
        kpi,
        response_id,
        instance_id,
        survey,
        question,
        score,
        emotion_state,
        is_top,
        is_bottom,
        responded_at,
        responded_date
    from responses
)

select * from scored
