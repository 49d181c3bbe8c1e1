{#
    The CTE `experiences` over a CTE `answers`: what a passage was like. Its scored answers, each on 0-1, good being high;
    the one furthest from the middle is the peak (of equals the lower, then the later), the last one the end. A form may
    ask several questions at once: then the end is the mean of all that were answered last.
    D. Kahneman et al., "When more pain is preferred to less", Psychological Science 4, 1993.
#}
{% macro rank_experiences() -%}
current_kpis as (
    select * from {{ ref('int_kpis') }}
    where is_current
),

windows as (
    select
        journey,
        max(case when kind = 'peak_end' then window_seconds end) as window_seconds
    from current_kpis
    group by journey
),

turned_round as (
    select distinct
        journey,
        survey,
        question
    from current_kpis
    where polarity = 'low_is_easy'
),

scaled as (
    select
        answers.journey,
        answers.actor_key,
        answers.passage,
        answers.touchpoint,
        answers.saying_id,
        answers.source,
        answers.said_at,
        case
            when turned_round.journey is not null
                then (answers.scale_max - answers.score) / (answers.scale_max - answers.scale_min)
            else (answers.score - answers.scale_min) / (answers.scale_max - answers.scale_min)
        end as score
    from answers
    inner join windows on answers.journey = windows.journey
    left join turned_round
        on
            answers.journey = turned_round.journey
            and answers.survey = turned_round.survey
            and coalesce(turned_round.question, answers.question, '') = coalesce(answers.question, '')
    where answers.said_at < {{ add_seconds('answers.passage_matures_at', 'coalesce(windows.window_seconds, 604800)') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by actor_key, passage
            order by
                abs(score - 0.5) desc, score, said_at desc,
                {{ bytewise('saying_id') }} desc, {{ bytewise('source') }} desc
        ) as from_peak,
        row_number() over (
            partition by actor_key, passage
            order by said_at desc, {{ bytewise('saying_id') }} desc, {{ bytewise('source') }} desc
        ) as from_end,
        rank() over (partition by actor_key, passage order by said_at desc) as moment_from_end
    from scaled
),

found as (
    select
        actor_key,
        passage,
        cast(count(*) as bigint) as count_scored,
        max(case when from_peak = 1 then score end) as peak_score,
        max(case when from_peak = 1 then touchpoint end) as peak_touchpoint,
        avg(case when moment_from_end = 1 then score end order by score) as end_score,
        max(case when from_end = 1 then touchpoint end) as end_touchpoint
    from ranked
    group by actor_key, passage
),

experiences as (
    select
        *,
        (peak_score + end_score) / 2 as peak_end
    from found
)
{%- endmacro %}

{# Answers that say what a passage was like. #}
{% macro are_scored() -%}
saying = 'answer' and score is not null and scale_max > scale_min and actor_key is not null
{%- endmacro %}
