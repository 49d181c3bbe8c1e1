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
),

cases as (
    select distinct case_id from corrected
    where case_id is not null
),

customers as (
    select distinct customer_id from corrected
    where customer_id is not null
)

select
    before.actor_key,
    before.journey,
    before.customer_id
from {{ before }} as before
where
    before.case_id in (select cases.case_id from cases)
    or (before.case_id is null and before.customer_id in (select customers.customer_id from customers))
{%- endif %}
