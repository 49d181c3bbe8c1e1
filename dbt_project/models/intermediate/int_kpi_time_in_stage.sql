{{ config(materialized='view') }}

{{ spell_members('time_in_stage') }}
