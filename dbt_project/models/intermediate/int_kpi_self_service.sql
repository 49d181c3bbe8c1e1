{{ config(materialized='view') }}

-- Of those who came through: without anybody of ours. Who gave up has not served himself.
{{ occurrence_members(
    'self_service',
    counted='places.is_staffed',
    outcome='counts.count_events is null',
    among="instances.outcome <> 'lost'"
) }}
