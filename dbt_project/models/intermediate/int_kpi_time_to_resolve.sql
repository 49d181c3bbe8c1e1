{{ config(materialized='view') }}

{{ spell_members('time_to_resolve') }}
