{#
    The CTE `placed` over a CTE `sayings`: each answer and invitation with its passage and its profile. The passage is
    that of its case, else the customer's latest one that had begun.
#}
{% macro place_sayings() -%}
{{ instances_of_customers() }},

by_case as (
    select
        sayings.saying_key,
        sayings.said_at,
        instances.actor_key,
        instances.passage,
        case
            when instances.actor_key is null and sayings.customer_id is not null
                then {{ actor_key('sayings.journey', 'null', 'sayings.customer_id') }}
        end as customer_key
    from sayings
    left join instances on sayings.case_key = instances.actor_key
),

passages as (
    select
        customer_key,
        actor_key,
        passage,
        started_at,
        row_number() over (partition by customer_key order by started_at, case_id, passage) as passage_number
    from instances
    where customer_key in (select by_case.customer_key from by_case)
),

line as (
    select
        customer_key,
        started_at as happened_at,
        passage_number,
        null as saying_key
    from passages
    union all
    select
        customer_key,
        said_at as happened_at,
        null as passage_number,
        saying_key
    from by_case
    where customer_key is not null
),

-- A passage that begins at the very moment of a saying has begun.
walked as (
    select
        customer_key,
        saying_key,
        max(passage_number) over (partition by customer_key order by happened_at) as passage_number
    from line
),

found as (
    select
        saying_key,
        actor_key,
        passage
    from by_case
    where actor_key is not null
    union all
    select
        walked.saying_key,
        passages.actor_key,
        passages.passage
    from walked
    inner join passages
        on walked.customer_key = passages.customer_key and walked.passage_number = passages.passage_number
    where walked.saying_key is not null
),

joined as (
    select
        sayings.*,
        instances.actor_key,
        instances.passage,
        instances.started_date as passage_started_date,
        instances.matures_at as passage_matures_at,
        instances.profile as passage_profile
    from sayings
    left join found on sayings.saying_key = found.saying_key
    left join instances on found.actor_key = instances.actor_key and found.passage = instances.passage
),

{{ saying_profiles() }},

placed as (
    select
        joined.*,
        coalesce(odd_ones.profile, told.profile, '') as profile
    from joined
    left join told
        on
            joined.journey = told.journey
            and coalesce(joined.segments, '') = told.segments
            and coalesce(joined.passage_profile, '') = told.passage_profile
    left join odd_ones on joined.saying_key = odd_ones.saying_key
)
{%- endmacro %}
