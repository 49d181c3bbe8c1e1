{# The name of a passage: its case, or its customer with the number of the session, and of the window if not 0. #}
{% macro instance_id(passages) -%}
case
    when {{ passages }}.case_id is not null
        then {{ passages }}.journey || '|case|' || {{ passages }}.case_id
    else
        {{ passages }}.journey || '|customer|' || {{ passages }}.customer_id || '|'
        || {{ as_text('cast((' ~ passages ~ '.passage - ' ~ passages ~ '.passage % 100000) / 100000 as bigint)') }}
        || case
            when {{ passages }}.passage % 100000 > 0
                then '+' || {{ as_text(passages ~ '.passage % 100000') }}
            else ''
        end
end
{%- endmacro %}

{# The CTE `instances`: each passage with the key of its customer, and the case that it is, if it is one. #}
{% macro instances_of_customers() -%}
-- A customer without cases is the actor; of a case the customer has to be looked up.
cases as (
    select
        actor_key,
        {{ bytewise('case_id') }} as case_id,
        case when customer_id is not null then {{ actor_key('journey', 'null', 'customer_id') }} end as customer_key
    from {{ ref('int_actors') }}
    where case_id is not null
),

instances as (
    select
        instances.actor_key,
        instances.passage,
        instances.started_at,
        instances.started_date,
        instances.matures_at,
        instances.profile,
        cases.case_id,
        case when cases.actor_key is null then instances.actor_key else cases.customer_key end as customer_key
    from {{ ref('int_journey_instances') }} as instances
    left join cases on instances.actor_key = cases.actor_key
)
{%- endmacro %}
