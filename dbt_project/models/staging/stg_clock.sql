{% set now = env_var('JKPI_AS_OF', run_started_at.strftime('%Y-%m-%d %H:%M:%S')) %}

select cast('{{ now }}' as timestamp) as as_of
