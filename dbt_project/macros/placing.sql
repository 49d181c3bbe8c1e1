{#
    The CTE `placed` over a CTE `sayings`: each answer and invitation with its passage and its profile. The passage is
    that of its case, else the customer's latest one that had begun.
#}
{% macro place_sayings() -%}
instances as (
    select
        instances.*,
        {{ instance_id('instances') }} as instance_id,
        {{ actor_key('instances.journey', 'null', 'instances.customer_id') }} as customer_key
    from {{ ref('int_journey_instances') }} as instances
),

by_case as (
    select
        sayings.saying_key,
        sayings.said_at,
        instances.instance_id,
        case
            when instances.instance_id is null and sayings.customer_id is not null
                then {{ actor_key('sayings.journey', 'null', 'sayings.customer_id') }}
        end as customer_key
    from sayings
    left join instances on sayings.case_key = instances.actor_key
),

line as (
    select
        customer_key,
        started_at as happened_at,
        0 as is_saying,
        instance_id,
        null as saying_key
    from instances
    where customer_id is not null and customer_key in (select by_case.customer_key from by_case)
    union all
    select
        customer_key,
        said_at as happened_at,
        1 as is_saying,
        null as instance_id,
        saying_key
    from by_case
    where customer_key is not null
),

walked as (
    select
        saying_key,
        {{ latest_so_far('instance_id', 'happened_at', 'is_saying = 0', 'so_far') }} as instance_id
    from line
    window so_far as (
        partition by customer_key order by happened_at, is_saying, {{ bytewise('instance_id') }}
        rows between unbounded preceding and current row
    )
),

found as (
    select
        saying_key,
        instance_id
    from by_case
    where instance_id is not null
    union all
    select
        saying_key,
        instance_id
    from walked
    where saying_key is not null and instance_id is not null
),

joined as (
    select
        sayings.*,
        instances.actor_key,
        instances.passage,
        instances.instance_id,
        instances.started_date as passage_started_date,
        instances.matures_at as passage_matures_at,
        instances.profile as passage_profile
    from sayings
    left join found on sayings.saying_key = found.saying_key
    left join instances on sayings.journey = instances.journey and found.instance_id = instances.instance_id
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

{#
    CTEs `told` and `odd_ones` over a CTE `joined` of sayings with their passage: a profile says what a saying says of
    itself, else what its passage is, else what the customer was then. Most say and are the same: that is taken apart
    once (`told`); the customers table is asked only where something is not known (`odd_ones`).
#}
{% macro saying_profiles() -%}
parts as (
    select * from {{ ref('int_segment_parts') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

said as (
    select distinct
        journey,
        coalesce(segments, '') as segments,
        coalesce(passage_profile, '') as passage_profile
    from joined
),

said_parts as (
    select
        said.journey,
        said.segments,
        said.passage_profile,
        parts.part,
        parts.part_number,
        coalesce(
            {{ json_text('said.segments', 'parts.part') }},
            nullif(nullif({{ profile_value('said.passage_profile', 'parts.part_number') }}, '(none)'), '')
        ) as part_value
    from said
    inner join parts on said.journey = parts.journey
),

told as (
    select
        parts.journey,
        parts.segments,
        parts.passage_profile,
        {{ profile_of('parts.part_value') }} as profile,
        bool_or(parts.part_value is null) as is_partial
    from said_parts as parts
    group by parts.journey, parts.segments, parts.passage_profile
),

odd as (
    select
        joined.saying_key,
        joined.journey,
        joined.customer_id,
        joined.said_at,
        told.segments,
        told.passage_profile
    from joined
    inner join told
        on
            joined.journey = told.journey
            and coalesce(joined.segments, '') = told.segments
            and coalesce(joined.passage_profile, '') = told.passage_profile
    where told.is_partial and joined.customer_id in (select customers.customer_id from customers)
),

of_customers as (
    select
        odd.saying_key,
        parts.part_number,
        {{ last_by(json_text('customers.segments', 'parts.part'), 'customers.valid_from') }} as part_value
    from odd
    inner join customers on odd.customer_id = customers.customer_id and odd.said_at >= customers.valid_from
    inner join parts on odd.journey = parts.journey
    group by odd.saying_key, parts.part_number
),

odd_ones as (
    select
        odd.saying_key,
        {{ profile_of('coalesce(parts.part_value, of_customers.part_value)') }} as profile
    from odd
    inner join said_parts as parts
        on
            odd.journey = parts.journey
            and odd.segments = parts.segments
            and odd.passage_profile = parts.passage_profile
    left join of_customers on odd.saying_key = of_customers.saying_key and parts.part_number = of_customers.part_number
    group by odd.saying_key
)
{%- endmacro %}
