-- Actors one of whose events was corrected or deleted: what they were says nothing of it, so all their events are read.
{% set before, corrected = as_it_was('int_actors'), ref('stg_corrected_rows') %}
{% set fresh = ref('int_fresh_mapped_events') %}
{% if counting_anew() -%}
select
    fresh.actor_key,
    fresh.journey,
    fresh.customer_id
from {{ fresh }} as fresh
where false
{%- else -%}
with corrected as (
    select * from {{ corrected }}
    where landing_table = 'touchpoint_events'
)

select
    before.actor_key,
    before.journey,
    before.customer_id
from {{ before }} as before
where
    before.case_id in (select corrected.case_id from corrected where corrected.case_id is not null)
    or (
        before.case_id is null
        and before.customer_id in (select corrected.customer_id from corrected where corrected.customer_id is not null)
    )
{%- endif %}
