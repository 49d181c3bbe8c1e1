-- Answers and invitations that are new, or whose passage, customer, or customer's passages, are not what they were.
-- depends_on: {{ ref('stg_corrected_rows') }}, {{ ref('int_corrected_actors') }}
-- depends_on: {{ ref('stg_customers') }}, {{ ref('stg_new_batches') }}, {{ ref('stg_last_run') }}
{% set sayings_before = as_it_was('int_placed_sayings') %}
with sayings as (
    select * from {{ ref('int_fresh_sayings') }}
),

corrected as (
    select * from {{ ref('int_corrected_sayings') }}
),

touched as (
    select * from {{ ref('int_touched_instances') }}
),

actors as (
    select * from {{ ref('int_actors') }}
),

customers as (
    select
        journey,
        customer_id
    from actors
    where customer_id is not null and actor_key in (select touched.actor_key from touched)
    {% if not counting_anew() -%}
    union
    -- An invitation is answered by what its case or customer says: what is new of them concerns all of theirs.
    select
        journey,
        customer_id
    from sayings
    where customer_id is not null
    union
    select
        journey,
        customer_id
    from corrected
    where customer_id is not null
    union
    -- A case may have been that of another customer.
    select
        journey,
        customer_id
    from {{ ref('int_corrected_actors') }}
    where customer_id is not null
    {%- endif %}
),

{% if not counting_anew() -%}
-- Of a customer without a passage, too, more may become known.
told as (
    select customer_id from (
        {{ fresh_rows(ref('stg_customers'), 'valid_from') | indent(8) }}
    ) as fresh
    union
    select customer_id from {{ ref('stg_corrected_rows') }}
    where landing_table = 'customers'
),
{%- endif %}

cases as (
    select actor_key as case_key from touched
    {% if not counting_anew() -%}
    union
    select case_key from sayings
    where case_key is not null
    union
    select case_key from corrected
    where case_key is not null
    {%- endif %}
),

known as (
    select saying_key from sayings
    {% if not counting_anew() -%}
    union
    select saying_key from corrected
    union
    select before.saying_key from {{ sayings_before }} as before
    where before.case_key in (select cases.case_key from cases)
    union
    -- A passage that is gone, or another's now, leaves those that were its own.
    select before.saying_key from {{ sayings_before }} as before
    inner join touched on before.actor_key = touched.actor_key and before.passage = touched.passage
    union
    select before.saying_key from {{ sayings_before }} as before
    inner join customers on before.journey = customers.journey and before.customer_id = customers.customer_id
    union
    select before.saying_key from {{ sayings_before }} as before
    where before.customer_id in (select told.customer_id from told)
    {%- endif %}
)

select * from known
