with responses as (
    select * from {{ ref('stg_survey_responses') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
    where kind in ('csat', 'nps', 'ces')
),

instances as (
    select * from {{ ref('int_journey_instances') }}
),

-- An answer on another scale than the KPI's is another question: scales are never pooled.
asked as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        kpis.polarity,
        kpis.scale_min,
        kpis.scale_max,
        kpis.box_min,
        kpis.timezone,
        kpis.journey || '|case|' || responses.case_id as case_key,
        responses.response_id,
        responses.source,
        responses.customer_id,
        responses.survey,
        responses.question,
        responses.score,
        responses.segments,
        responses.responded_at
    from responses
    inner join kpis
        on
            responses.survey = kpis.survey
            and coalesce(kpis.question, responses.question, '') = coalesce(responses.question, '')
            and coalesce(responses.scale_min, kpis.scale_min) = kpis.scale_min
            and coalesce(responses.scale_max, kpis.scale_max) = kpis.scale_max
    where responses.score is not null
),

-- Without a case: the customer's latest passage that had begun by then. One line of passages and answers a customer.
customers_line as (
    select
        journey,
        customer_id,
        started_at as happened_at,
        0 as is_answer,
        instance_id as line_id
    from instances
    where customer_id is not null
    union all
    select
        journey,
        customer_id,
        responded_at as happened_at,
        1 as is_answer,
        kpi || '|' || response_id as line_id
    from asked
    where customer_id is not null
),

counted as (
    select
        *,
        sum(1 - is_answer) over (
            partition by journey, customer_id
            order by happened_at, is_answer, {{ bytewise('line_id') }}
            rows between unbounded preceding and current row
        ) as passage_number
    from customers_line
),

-- Answers carry the number of the passage before them, which is the first row of that number.
latest as (
    select
        journey,
        line_id,
        is_answer,
        first_value(line_id) over (
            partition by journey, customer_id, passage_number order by is_answer, happened_at
        ) as instance_id
    from counted
    where passage_number > 0
),

scored as (
    select
        asked.journey,
        asked.kpi,
        asked.kind,
        asked.response_id,
        asked.source,
        coalesce(cases.instance_id, latest.instance_id) as instance_id,
        asked.survey,
        asked.question,
        asked.score,
        asked.segments,
        asked.responded_at,
        case
            when asked.polarity = 'low_is_easy' then asked.score <= asked.box_min
            else asked.score >= asked.box_min
        end as is_top,
        asked.kind = 'nps' and asked.score <= 6 as is_bottom,
        {{ local_date('asked.responded_at', 'asked.timezone') }} as responded_date
    from asked
    left join instances as cases on asked.journey = cases.journey and asked.case_key = cases.instance_id
    left join latest
        on
            latest.is_answer = 1
            and asked.journey = latest.journey
            and asked.kpi || '|' || asked.response_id = latest.line_id
)

select * from scored
