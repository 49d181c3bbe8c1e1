{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_actors', 'key': ['actor_key']}, indexes=key_index(['actor_key'])
) }}

-- Who walks: a case, or a customer. Events are looked at twice, so that each look takes only what it needs of them.
{% set touched, corrected = ref('int_touched_actors'), ref('int_corrected_actors') %}
{% set everything, fresh = ref('int_mapped_events'), ref('int_fresh_mapped_events') %}
{% set events = fresh if is_incremental() else everything %}
with events as (
    select
        actor_key,
        journey,
        case_id,
        customer_id,
        moment
    from {{ events }}
    {% if is_incremental() -%}
    where actor_key not in (select corrected.actor_key from {{ corrected }} as corrected)
    union all
    select
        actor_key,
        journey,
        case_id,
        customer_id,
        moment
    from {{ everything }}
    where actor_key in (select corrected.actor_key from {{ corrected }} as corrected)
    {%- endif %}
),

of_cases as (
    select
        actor_key,
        journey,
        case_id,
        customer_id,
        moment
    from events
    where case_id is not null
    {% if is_incremental() -%}
    union all
    select before.*
    from {{ this }} as before
    where
        before.case_id is not null
        and before.actor_key in (select touched.actor_key from {{ touched }} as touched)
        and before.actor_key not in (select corrected.actor_key from {{ corrected }} as corrected)
    {%- endif %}
),

-- A case is that of the customer whom its first event names.
named as (
    select
        *,
        row_number() over (
            partition by actor_key order by customer_id is null, moment, {{ bytewise('customer_id') }}
        ) as earliest
    from of_cases
),

actors as (
    select
        actor_key,
        journey,
        case_id,
        customer_id,
        moment
    from named
    where earliest = 1
    union all
    select
        actor_key,
        min(journey) as journey,
        null as case_id,
        min(customer_id) as customer_id,
        null as moment
    from events
    where case_id is null
    group by actor_key
)

select * from actors
