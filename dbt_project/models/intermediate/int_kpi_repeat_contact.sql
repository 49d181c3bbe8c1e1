{{ config(materialized='view') }}

{{ occurrence_members(
    'repeat_contact',
    counted='places.touchpoint = kpis.of_touchpoint',
    outcome='coalesce(counts.count_events, 0) >= kpis.at_least'
) }}
