{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_corrected_sources', 'key': ['source']}
) }}

{% set corrected = ref('int_corrected_sources') %}
{% set everything, fresh = ref('stg_touchpoint_events'), ref('int_fresh_events') %}
-- How often each touchpoint was seen, on a map or not. Each run adds what is fresh: days are summed by who reads them.
-- Of a source with corrections all events are counted again.
-- A source belongs to no journey, so its days are those of the time zone of most journeys.
with events as (
    select
        source,
        touchpoint,
        occurred_at
    from {{ fresh if is_incremental() else everything }}
    {% if is_incremental() -%}
    where source not in (select corrected.source from {{ corrected }} as corrected)
    union all
    select
        source,
        touchpoint,
        occurred_at
    from {{ everything }}
    where source in (select corrected.source from {{ corrected }} as corrected)
    {%- endif %}
),

journeys as (
    select * from {{ ref('stg_map_journeys') }}
    where is_current
),

zones as (
    select
        timezone,
        row_number() over (order by count(*) desc, {{ bytewise('timezone') }}) as place
    from journeys
    group by timezone
),

dated as (
    select
        source,
        touchpoint,
        occurred_at,
        {{ local_date('occurred_at', "coalesce((select zones.timezone from zones where zones.place = 1), 'UTC')") }}
            as local_date
    from events
),

counted as (
    select
        source,
        touchpoint,
        local_date,
        cast(count(*) as bigint) as count_events,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from dated
    group by source, touchpoint, local_date
)

select * from counted
