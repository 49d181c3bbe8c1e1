{# What a placing needs of an answer or an invitation, from a CTE. #}
{% macro saying_columns(source) -%}
select
    journey, saying, saying_id, source, customer_id, case_id, case_key, touchpoint, survey, question, score, scale_min,
    scale_max, emotion, emotion_state, is_eligible, said_at, said_date, segments
from {{ source }}
{%- endmacro %}

{# All that int_placed_sayings says of each, in one order. #}
{% macro placed_columns(source, condition='true') -%}
select
    journey, saying, saying_id, source, customer_id, case_id, case_key, touchpoint, survey, question, score, scale_min,
    scale_max, emotion, emotion_state, is_eligible, said_at, said_date, segments, actor_key, passage, instance_id,
    passage_started_date, passage_matures_at, passage_profile, profile
from {{ source }}
where {{ condition }}
{%- endmacro %}

{#
    The CTE `placed` over a CTE `sayings`: each answer and invitation with its passage and its profile. The passage is
    that of its case, else the customer's latest one that had begun; the profile says what it says of itself, else what
    the passage is, else what the customer was then.
#}
{% macro place_sayings() -%}
instances as (
    select * from {{ ref('int_journey_instances') }}
),

parts as (
    select * from {{ ref('int_segment_parts') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

by_case as (
    select
        sayings.*,
        instances.instance_id
    from sayings
    left join instances on sayings.case_key = instances.actor_key
),

line as (
    select
        instances.journey,
        instances.customer_id,
        instances.started_at as happened_at,
        0 as is_saying,
        instances.instance_id as line_id
    from instances
    where exists (
        select 1
        from by_case
        where
            by_case.instance_id is null
            and by_case.journey = instances.journey
            and by_case.customer_id = instances.customer_id
    )
    union all
    select
        journey,
        customer_id,
        said_at as happened_at,
        1 as is_saying,
        {{ saying_line_id('by_case') }} as line_id
    from by_case
    where instance_id is null and customer_id is not null
),

walked as (
    select
        journey,
        line_id,
        is_saying,
        {{ latest_so_far('line_id', 'happened_at', 'is_saying = 0', 'so_far') }} as instance_id
    from line
    window so_far as (
        partition by journey, customer_id order by happened_at, is_saying, {{ bytewise('line_id') }}
        rows between unbounded preceding and current row
    )
),

found as (
    select
        by_case.journey,
        by_case.saying,
        by_case.saying_id,
        by_case.source,
        coalesce(by_case.instance_id, walked.instance_id) as instance_id
    from by_case
    left join walked
        on
            walked.is_saying = 1
            and by_case.journey = walked.journey
            and {{ saying_line_id('by_case') }} = walked.line_id
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
    inner join found
        on
            sayings.journey = found.journey
            and sayings.saying = found.saying
            and sayings.saying_id = found.saying_id
            and sayings.source = found.source
    left join instances on found.journey = instances.journey and found.instance_id = instances.instance_id
),

-- What the customers table says is asked for only where neither the saying nor its passage knows.
of_customers as (
    select
        joined.journey,
        joined.saying,
        joined.saying_id,
        joined.source,
        parts.part_number,
        {{ last_by(json_text('customers.segments', 'parts.part'), 'customers.valid_from') }} as part_value
    from joined
    inner join customers on joined.customer_id = customers.customer_id and joined.said_at >= customers.valid_from
    inner join parts on joined.journey = parts.journey
    group by joined.journey, joined.saying, joined.saying_id, joined.source, parts.part_number
),

profiles as (
    select
        joined.journey,
        joined.saying,
        joined.saying_id,
        joined.source,
        {{ profile_of(
            'coalesce(' ~ json_text('joined.segments', 'parts.part') ~ ', nullif('
            ~ profile_value('joined.passage_profile', 'parts.part_number') ~ ", '(none)'), of_customers.part_value)"
        ) }} as profile
    from joined
    inner join parts on joined.journey = parts.journey
    left join of_customers
        on
            joined.journey = of_customers.journey
            and joined.saying = of_customers.saying
            and joined.saying_id = of_customers.saying_id
            and joined.source = of_customers.source
            and parts.part_number = of_customers.part_number
    group by joined.journey, joined.saying, joined.saying_id, joined.source
),

placed as (
    select
        joined.*,
        coalesce(profiles.profile, '') as profile
    from joined
    left join profiles
        on
            joined.journey = profiles.journey
            and joined.saying = profiles.saying
            and joined.saying_id = profiles.saying_id
            and joined.source = profiles.source
)
{%- endmacro %}

{% macro saying_line_id(sayings) -%}
{{ sayings }}.saying || '|' || {{ sayings }}.source || '|' || {{ sayings }}.saying_id
{%- endmacro %}

{# Each row once for its case and once for its customer, as far as they are known: by_what, whom. #}
{% macro by_whom(rows) -%}
select
    {{ rows }}.*,
    'case' as by_what,
    {{ rows }}.case_id as whom
from {{ rows }}
where {{ rows }}.case_id is not null
union all
select
    {{ rows }}.*,
    'customer' as by_what,
    {{ rows }}.customer_id as whom
from {{ rows }}
where {{ rows }}.customer_id is not null
{%- endmacro %}
