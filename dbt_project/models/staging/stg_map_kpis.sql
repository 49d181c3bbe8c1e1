with kpis as (
    select * from {{ source('raw', 'map_kpis') }}
),

renamed as (
    select
        journey,
        version,
        kpi,
        stage,
        stage_position,
        kind,
        title,
        survey,
        question,
        on_touchpoint,
        of_touchpoint,
        from_touchpoint,
        to_touchpoint,
        emotion,
        measure,
        calendar,
        definition,
        window_seconds,
        tolerance_seconds,
        within_seconds,
        at_least,
        scale_min,
        scale_max,
        box_min,
        polarity,
        direction,
        target,
        unit,
        is_current
    from kpis
)

select * from renamed
