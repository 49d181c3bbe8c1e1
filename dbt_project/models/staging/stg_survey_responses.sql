with responses as (
    select * from {{ source('raw', 'survey_responses') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

seen as (
    select
        responses.response_id,
        responses.source,
        responses.batch_id,
        nullif(responses.customer_id, '') as customer_id,
        nullif(responses.case_id, '') as case_id,
        responses.touchpoint,
        responses.survey,
        responses.question,
        responses.score,
        responses.scale_min,
        responses.scale_max,
        responses.weight,
        responses.emotion,
        responses.emotion_state,
        responses.wave,
        responses.asked_at,
        responses.responded_at,
        responses.segments
    from responses
    where responses.responded_at <= (select clock.as_of from clock)
)

select * from seen
