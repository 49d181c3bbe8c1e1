{{ config(materialized='view') }}

-- A promoter is 1, a passive a half, a detractor 0: NPS is 200 times their mean, less 100.
{{ answer_members('nps', [
    {
        'name': 'nps', 'estimator': 'nps',
        'outcome': '(' ~ share('responses.is_top') ~ ' + ' ~ share('not responses.is_bottom') ~ ') / 2',
    },
    {'name': 'promoters', 'estimator': 'proportion', 'outcome': share('responses.is_top')},
    {
        'name': 'passives', 'estimator': 'proportion',
        'outcome': share('not responses.is_top and not responses.is_bottom'),
    },
    {'name': 'detractors', 'estimator': 'proportion', 'outcome': share('responses.is_bottom')},
]) }}
