{{ config(materialized='view') }}

with responses as (
    select * from {{ ref('stg_survey_responses') }}
),

invitations as (
    select * from {{ ref('stg_survey_invitations') }}
),

{{ survey_sayings() }}

select * from asked_sayings
