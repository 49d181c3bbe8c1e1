-- The days whose cohorts have to be counted again: of touched passages and sayings, and those where somebody is decided
-- by now who was not.
{% set clock = ref('stg_clock') %}
{% set sayings_before = as_it_was('int_placed_sayings') %}
{% set tables = ['int_kpi_tallies', 'int_early_tallies', 'int_stage_moves', 'int_passage_tallies'] %}
with touched as (
    select * from {{ ref('int_touched_sayings') }}
),

moved as (
    select * from {{ ref('int_moved_sayings') }}
),

{% if not counting_anew() -%}
was as (
    select before.*
    from {{ sayings_before }} as before
    inner join touched on before.saying_key = touched.saying_key
),

-- Many were looked at and few are not what they were; but another answer can be the answer to an old invitation.
changed as (
    (
        {{ placed_columns('moved') | indent(8) }}
        except
        {{ placed_columns('was') | indent(8) }}
    )
    union all
    (
        {{ placed_columns('was') | indent(8) }}
        except
        {{ placed_columns('moved') | indent(8) }}
    )
    union all
    {{ placed_columns('moved', "saying = 'invitation'") | indent(4) }}
),
{%- endif %}

sayings as (
    select
        journey,
        said_date,
        passage_started_date
    from {{ 'moved' if counting_anew() else 'changed' }}
),

days as (
    select
        journey,
        cohort_date
    from {{ ref('int_touched_event_days') }}
    union
    select
        journey,
        said_date as cohort_date
    from sayings
    union
    select
        journey,
        passage_started_date as cohort_date
    from sayings
    where passage_started_date is not null
    {% if not counting_anew() -%}
    {% for table in tables -%}
    union
    select
        before.journey,
        before.cohort_date
    from {{ as_it_was(table) }} as before
    where before.next_decided_at <= (select clock.as_of from {{ clock }} as clock)
    {% endfor %}
    {%- endif %}
)

select * from days
