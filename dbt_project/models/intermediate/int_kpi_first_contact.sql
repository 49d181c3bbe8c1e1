{{ config(materialized='view') }}

-- Of those who had any contact: completed with exactly one.
{{ occurrence_members(
    'first_contact',
    counted='case when kpis.of_touchpoint is null then places.is_staffed else places.touchpoint = kpis.of_touchpoint end',
    outcome="instances.outcome = 'completed' and counts.count_events = 1",
    among='counts.count_events > 0'
) }}
