{{ config(materialized='view') }}

{{ answer_members('csat', [
    {'name': 'top_box', 'estimator': 'proportion', 'outcome': share('responses.is_top')},
]) }}
