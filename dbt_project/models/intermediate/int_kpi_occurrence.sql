{{ config(materialized='view') }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'occurrence'
),

events as (
    select * from {{ ref('int_journey_events') }}
),

instances as (
    select * from {{ ref('int_journey_instances') }}
),

members as (
    {{ occurrence_members() | indent(4) }}
)

select {{ member_columns() }} from members
