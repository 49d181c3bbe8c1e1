{{ config(materialized='view') }}

{{ answer_members('csat_mean', [{'name': 'mean', 'estimator': 'mean', 'outcome': 'responses.score'}]) }}
