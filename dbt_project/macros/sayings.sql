{#
    The CTE `asked_sayings` over CTEs `responses` and `invitations`: both alike, once for each journey that asks: by a KPI
    about the survey, or by the touchpoint.
#}
{% macro survey_sayings() -%}
kpis as (
    select * from {{ ref('int_kpis') }}
),

touchpoints as (
    select * from {{ ref('int_touchpoints') }}
),

homes as (
    select
        journey,
        survey,
        null as touchpoint
    from kpis
    where survey is not null
    union
    select
        journey,
        null as survey,
        touchpoint
    from touchpoints
),

sayings as (
    select
        'answer' as saying,
        response_id as saying_id,
        source,
        batch_id,
        customer_id,
        case_id,
        touchpoint,
        survey,
        question,
        score,
        scale_min,
        scale_max,
        weight,
        emotion,
        emotion_state,
        wave,
        true as is_eligible,
        responded_at as said_at,
        segments
    from responses
    union all
    select
        'invitation' as saying,
        invitation_id as saying_id,
        source,
        batch_id,
        customer_id,
        case_id,
        touchpoint,
        survey,
        null as question,
        null as score,
        null as scale_min,
        null as scale_max,
        null as weight,
        null as emotion,
        null as emotion_state,
        wave,
        coalesce(is_eligible, true) as is_eligible,
        invited_at as said_at,
        segments
    from invitations
),

asked as (
    select
        homes.journey,
        sayings.*
    from sayings
    inner join homes on sayings.survey = homes.survey
    union all
    select
        homes.journey,
        sayings.*
    from sayings
    inner join homes on sayings.touchpoint = homes.touchpoint
    where not exists (
        select 1
        from homes as by_survey
        where by_survey.journey = homes.journey and by_survey.survey = sayings.survey
    )
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

asked_sayings as (
    select
        asked.*,
        {{ row_print(['asked.journey', 'asked.saying', 'asked.source', 'asked.saying_id']) }} as saying_key,
        {{ local_date('asked.said_at', 'journeys.timezone') }} as said_date,
        case
            when asked.case_id is not null
                then {{ actor_key('asked.journey', 'asked.case_id') }}
        end as case_key
    from asked
    inner join journeys on asked.journey = journeys.journey
)
{%- endmacro %}

{# What a placing needs of an answer or an invitation, from a CTE. #}
{% macro saying_columns(source) -%}
select
    journey, saying, saying_key, saying_id, source, customer_id, case_id, case_key, touchpoint, survey, question, score,
    scale_min, scale_max, weight, emotion, emotion_state, wave, is_eligible, said_at, said_date, segments
from {{ source }}
{%- endmacro %}

{# All that int_placed_sayings says of each, in one order. #}
{% macro placed_columns(source, condition='true') -%}
select
    journey, saying, saying_key, saying_id, source, customer_id, case_id, case_key, touchpoint, survey, question, score,
    scale_min, scale_max, weight, emotion, emotion_state, wave, is_eligible, said_at, said_date, segments, actor_key, passage,
    passage_started_date, passage_matures_at, profile
from {{ source }}
where {{ condition }}
{%- endmacro %}

{# Each row once for its case and once for its customer, as far as they are known: by_what, whom. #}
{% macro by_whom(rows) -%}
select
    {{ rows }}.*,
    'case' as by_what,
    {{ rows }}.case_id as whom
from {{ rows }}
where {{ rows }}.case_id is not null
union all
select
    {{ rows }}.*,
    'customer' as by_what,
    {{ rows }}.customer_id as whom
from {{ rows }}
where {{ rows }}.customer_id is not null
{%- endmacro %}
