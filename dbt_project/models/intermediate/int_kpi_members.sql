{{ config(materialized='view') }}

-- One kind, one model with these columns: a new kind is one more line here.
{% set kinds = [
    'csat', 'csat_mean', 'nps', 'ces', 'emotion', 'response_rate', 'drop_off', 'conversion', 'time_to_resolve',
    'promises_kept', 'time_in_stage', 'repeat_contact', 'occurrence', 'first_contact', 'self_service', 'peak_end',
    'volume',
] -%}
with members as (
    {% for kind in kinds -%}
    select * from {{ ref('int_kpi_' ~ kind) }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

named as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        kpis.definition,
        members.*
    from members
    inner join kpis on members.kpi_number = kpis.kpi_number
)

select * from named
