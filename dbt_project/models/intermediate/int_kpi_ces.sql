{{ config(materialized='view') }}

with responses as (
    select * from {{ ref('int_responses') }}
),

members as (
    {{ answer_members('ces', [
        {'name': 'share_easy', 'estimator': 'proportion', 'outcome': share('responses.is_top')},
        {'name': 'mean', 'estimator': 'mean', 'outcome': 'responses.score'},
    ]) | indent(4) }}
)

select {{ member_columns() }} from members
