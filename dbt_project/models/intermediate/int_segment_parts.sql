{{ config(materialized='view') }}

with segments as (
    select * from {{ ref('stg_map_segments') }}
    where is_current
),

parts as (
    select distinct
        journey,
        part
    from segments
),

numbered as (
    select
        journey,
        part,
        cast(row_number() over (partition by journey order by {{ bytewise('part') }}) as integer) as part_number
    from parts
)

select * from numbered
