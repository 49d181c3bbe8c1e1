-- Passages that are not what they were: their events differ, or more became known of their customer.
-- depends_on: {{ ref('int_touched_actors') }}
-- depends_on: {{ ref('int_actors') }}, {{ ref('stg_corrected_rows') }}, {{ ref('stg_customers') }}
-- depends_on: {{ ref('stg_new_batches') }}, {{ ref('stg_last_run') }}
{% set before = as_it_was('int_journey_events') %}
{% set instances_before = as_it_was('int_journey_instances') %}
with recut as (
    select * from {{ ref('int_recut_events') }}
),

{% if not counting_anew() -%}
actors as (
    select * from {{ ref('int_actors') }}
),

touched_actors as (
    select * from {{ ref('int_touched_actors') }}
),

customers as (
    select customer_id from (
        {{ fresh_rows(ref('stg_customers'), 'valid_from') | indent(8) }}
    ) as fresh
    union
    select customer_id from {{ ref('stg_corrected_rows') }}
    where landing_table = 'customers'
),

was as (
    select before.* from {{ before }} as before
    where before.actor_key in (select touched_actors.actor_key from touched_actors)
),

known as (
    select
        before.actor_key,
        before.passage
    from {{ instances_before }} as before
    inner join actors on before.actor_key = actors.actor_key
    where actors.customer_id in (select customers.customer_id from customers)
),
{%- endif %}

prints as (
    select
        actor_key,
        passage,
        bit_xor({{ row_print(['event_number', 'moment', 'due_at', 'segments_key']) }}) as print,
        count(*) as count_events
    from recut
    group by actor_key, passage
),

{% if not counting_anew() -%}
prints_before as (
    select
        actor_key,
        passage,
        bit_xor({{ row_print(['event_number', 'moment', 'due_at', 'segments_key']) }}) as print,
        count(*) as count_events
    from was
    group by actor_key, passage
),
{%- endif %}

touched as (
    {% if counting_anew() -%}
    select
        actor_key,
        passage
    from prints
    {%- else -%}
    select
        coalesce(prints.actor_key, prints_before.actor_key) as actor_key,
        coalesce(prints.passage, prints_before.passage) as passage
    from prints
    full join prints_before on prints.actor_key = prints_before.actor_key and prints.passage = prints_before.passage
    where
        prints.print is null or prints_before.print is null
        or prints.print <> prints_before.print or prints.count_events <> prints_before.count_events
    union
    select
        actor_key,
        passage
    from known
    {%- endif %}
)

select * from touched
