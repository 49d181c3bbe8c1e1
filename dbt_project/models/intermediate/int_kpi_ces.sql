{{ config(materialized='view') }}

{{ answer_members('ces', [
    {'name': 'share_easy', 'estimator': 'proportion', 'outcome': share('responses.is_top')},
    {'name': 'mean', 'estimator': 'mean', 'outcome': 'responses.score'},
]) }}
