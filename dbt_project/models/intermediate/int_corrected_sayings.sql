-- Answers and invitations that were corrected or deleted, as the last run knew them.
{% set before, corrected = as_it_was('int_placed_sayings'), ref('stg_corrected_rows') %}
{% set fresh = ref('int_fresh_sayings') %}
{% if counting_anew() -%}
select
    fresh.saying_key,
    fresh.journey,
    fresh.customer_id,
    fresh.case_key
from {{ fresh }} as fresh
where false
{%- else -%}
with corrected as (
    select * from {{ corrected }}
    where landing_table in ('survey_responses', 'survey_invitations')
)

select
    before.saying_key,
    before.journey,
    before.customer_id,
    before.case_key
from {{ before }} as before
where
    (before.saying, before.source, before.saying_id) in (
        select
            case corrected.landing_table when 'survey_responses' then 'answer' else 'invitation' end as saying,
            corrected.source,
            corrected.row_id
        from corrected
    )
{%- endif %}
