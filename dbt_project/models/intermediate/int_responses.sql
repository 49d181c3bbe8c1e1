{{ config(materialized='view') }}

-- An answer on another scale than the KPI's is another question: scales are never pooled.
with answers as (
    select * from {{ ref('int_placed_sayings') }}
    where saying = 'answer'
),

kpis as (
    select * from {{ ref('int_kpis') }}
    where kind in ('csat', 'csat_mean', 'nps', 'ces', 'emotion')
),

asked as (
    select
        kpis.kpi_number,
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        kpis.definition,
        kpis.polarity,
        kpis.box_min,
        answers.saying_id as response_id,
        answers.source,
        answers.actor_key,
        answers.passage,
        answers.survey,
        answers.question,
        answers.score,
        answers.weight,
        answers.emotion_state,
        answers.profile,
        answers.wave,
        answers.said_at as responded_at,
        answers.said_date as responded_date
    from answers
    inner join kpis
        on
            answers.journey = kpis.journey
            and coalesce(kpis.survey, answers.survey, '') = coalesce(answers.survey, '')
            and coalesce(kpis.question, answers.question, '') = coalesce(answers.question, '')
            and coalesce(kpis.on_touchpoint, answers.touchpoint, '') = coalesce(answers.touchpoint, '')
            and {{ in_force('kpis', 'answers.said_date') }}
    where
        case
            when kpis.kind = 'emotion' then answers.emotion = kpis.emotion
            else
                answers.score is not null
                and coalesce(answers.scale_min, kpis.scale_min) = kpis.scale_min
                and coalesce(answers.scale_max, kpis.scale_max) = kpis.scale_max
        end
),

scored as (
    select
        kpi_number,
        journey,
        kpi,
        kind,
        definition,
        response_id,
        source,
        actor_key,
        passage,
        survey,
        question,
        score,
        weight,
        emotion_state,
        profile,
        wave,
        responded_at,
        responded_date,
        case
            when kind in ('csat', 'nps') or polarity = 'high_is_easy' then score >= box_min
            when polarity = 'low_is_easy' then score <= box_min
            else false
        end as is_top,
        kind = 'nps' and score <= 6 as is_bottom
    from asked
)

select * from scored
