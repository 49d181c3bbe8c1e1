{{ config(materialized='view') }}

with pieces as (
    select * from {{ ref('stg_map_calendars') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

read_off as (
    select
        pieces.calendar,
        {{ clock_of_piece('clock.as_of', 'pieces') }} as now_clock
    from pieces
    inner join clock on {{ in_piece('clock.as_of', 'pieces.calendar', 'pieces') }}
)

select * from read_off
