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
