with runs as (
    select * from {{ source('raw', 'measure_runs') }}
    where is_finished
),

finished as (
    select
        as_of,
        row_number() over (order by run_number desc) as newest
    from runs
),

last_run as (
    select as_of from finished
    where newest = 1
)

select * from last_run
