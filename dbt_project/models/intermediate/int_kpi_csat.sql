{{ config(materialized='view') }}

with responses as (
    select * from {{ ref('int_responses') }}
),

members as (
    {{ answer_members('csat', [
        {'name': 'top_box', 'estimator': 'proportion', 'outcome': share('responses.is_top')},
    ]) | indent(4) }}
)

select {{ member_columns() }} from members
