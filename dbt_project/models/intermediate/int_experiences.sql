{{ config(materialized='view') }}

with answers as (
    select * from {{ ref('int_placed_sayings') }}
    where {{ are_scored() }}
),

{{ rank_experiences() }}

select * from experiences
