{{ config(materialized='table') }}

with touchpoints as (
    select * from {{ ref('int_touchpoints') }}
),

stages as (
    select distinct
        journey,
        stage,
        stage_number
    from touchpoints
)

select * from stages
