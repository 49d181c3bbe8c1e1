{{ config(materialized='view') }}

-- Answered / eligible, by cohort of invitation; unknown eligibility counts as eligible (AAPOR, Response Rate 1). An
-- answer is to the latest invitation of its case (where both name one), else of its customer.
with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'response_rate'
),

sayings as (
    select * from {{ ref('int_placed_sayings') }}
    where journey in (select kpis.journey from kpis)
),

longest as (
    select
        journey,
        survey,
        max(window_seconds) as window_seconds
    from kpis
    group by journey, survey
),

answers as (
    select distinct
        sayings.journey,
        sayings.survey,
        sayings.saying_id,
        sayings.source,
        sayings.case_id,
        sayings.customer_id,
        sayings.said_at,
        longest.window_seconds
    from sayings
    inner join longest on sayings.journey = longest.journey and sayings.survey = longest.survey
    where sayings.saying = 'answer'
),

invitations as (
    select * from sayings
    where saying = 'invitation'
),

-- By whom an answer and an invitation can be of one asking: its case, or its customer.
answers_of as (
    {{ by_whom('answers') | indent(4) }}
),

invitations_of as (
    {{ by_whom('invitations') | indent(4) }}
),

-- Older invitations than the longest window cannot be answered any more, and newer ones come first.
candidates as (
    select
        answers_of.journey,
        answers_of.source as answer_source,
        answers_of.saying_id as answer_id,
        answers_of.said_at as answered_at,
        invitations_of.source,
        invitations_of.saying_id,
        invitations_of.said_at
    from answers_of
    inner join invitations_of
        on
            answers_of.journey = invitations_of.journey
            and answers_of.survey = invitations_of.survey
            and answers_of.by_what = invitations_of.by_what
            and answers_of.whom = invitations_of.whom
    where
        coalesce(answers_of.case_id = invitations_of.case_id, true)
        and invitations_of.said_at <= answers_of.said_at
        and {{ add_seconds('invitations_of.said_at', 'answers_of.window_seconds') }} > answers_of.said_at
),

ranked as (
    select
        *,
        row_number() over (
            partition by journey, answer_source, answer_id
            order by said_at desc, {{ bytewise('saying_id') }} desc, {{ bytewise('source') }} desc
        ) as newest
    from candidates
),

answered as (
    select
        journey,
        source,
        saying_id,
        min(answered_at) as answered_at
    from ranked
    where newest = 1
    group by journey, source, saying_id
),

clock as (
    select * from {{ ref('stg_clock') }}
),

members as (
    select
        {{ kpi_columns("'response_rate'", "'proportion'") | indent(8) }},
        'invitation|' || invitations.saying_id as subject_id,
        cast(1 as bigint) as member_number,
        invitations.said_date as cohort_date,
        invitations.profile,
        invitations.wave,
        case
            when {{ add_seconds('invitations.said_at', 'kpis.window_seconds') }} <= clock.as_of
                then {{ share(
                    'coalesce(answered.answered_at < '
                    ~ add_seconds('invitations.said_at', 'kpis.window_seconds') ~ ', false)'
                ) }}
        end as outcome,
        {{ add_seconds('invitations.said_at', 'kpis.window_seconds') }} as matures_at
    from invitations
    inner join kpis
        on
            invitations.journey = kpis.journey
            and invitations.survey = kpis.survey
            and {{ in_force('kpis', 'invitations.said_date') }}
    cross join clock
    left join answered
        on
            invitations.journey = answered.journey
            and invitations.source = answered.source
            and invitations.saying_id = answered.saying_id
    where invitations.is_eligible and {{ is_counted('invitations.said_date') }}
)

select {{ member_columns('wave') }} from members
