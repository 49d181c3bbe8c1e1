{# Everything in which the engines differ. Models hold none of it. #}

{# The text under a key of a JSON object kept as text; NULL where there is none. `key` is an expression. #}
{% macro json_text(document, key) %}{{ return(adapter.dispatch('json_text', 'jkpi')(document, key)) }}{% endmacro %}
{% macro default__json_text(document, key) %}(cast(nullif({{ document }}, '') as jsonb) ->> {{ key }}){% endmacro %}
{% macro duckdb__json_text(document, key) -%}
json_extract_string(nullif({{ document }}, ''), '$."' || {{ key }} || '"')
{%- endmacro %}

{# A number as text. #}
{% macro as_text(expression) %}cast({{ expression }} as {{ dbt.type_string() }}){% endmacro %}

{#
    64 bits that stand for a text in large tables; NULL for NULL. Of ten million texts two have the same key with a
    chance of three in a million.
#}
{% macro text_key(text) %}{{ return(adapter.dispatch('text_key', 'jkpi')(text)) }}{% endmacro %}
{% macro default__text_key(text) %}hashtextextended({{ text }}, 0){% endmacro %}
{% macro duckdb__text_key(text) %}case when {{ text }} is not null then hash({{ text }}) end{% endmacro %}

{# The same of who walks a journey: a case, or a customer where no case is named. #}
{% macro actor_key(journey, case_id, customer_id='null') -%}
{{ return(adapter.dispatch('actor_key', 'jkpi')(journey, case_id, customer_id)) }}
{%- endmacro %}
{% macro default__actor_key(journey, case_id, customer_id) -%}
hashtextextended({{ journey }} || coalesce('|case|' || {{ case_id }}, '|customer|' || {{ customer_id }}), 0)
{%- endmacro %}
{% macro duckdb__actor_key(journey, case_id, customer_id) -%}
hash({{ journey }}, {{ case_id }}, case when {{ case_id }} is null then {{ customer_id }} end)
{%- endmacro %}

{# 64 bits that tell a row from others; taken together by bit_xor they tell sets of rows apart. #}
{% macro row_print(columns) %}{{ return(adapter.dispatch('row_print', 'jkpi')(columns)) }}{% endmacro %}
{% macro default__row_print(columns) %}hashtextextended(concat_ws('|', {{ columns | join(', ') }}), 0){% endmacro %}
{% macro duckdb__row_print(columns) %}hash({{ columns | join(', ') }}){% endmacro %}

{# Whole microseconds since 1970. #}
{% macro microseconds(moment) %}{{ return(adapter.dispatch('microseconds', 'jkpi')(moment)) }}{% endmacro %}
{% macro default__microseconds(moment) %}cast(extract(epoch from {{ moment }}) * 1000000 as bigint){% endmacro %}
{% macro duckdb__microseconds(moment) %}epoch_us({{ moment }}){% endmacro %}

{# A row each for the whole numbers from one to another. #}
{% macro whole_numbers(first, last) %}{{ return(adapter.dispatch('whole_numbers', 'jkpi')(first, last)) }}{% endmacro %}
{% macro default__whole_numbers(first, last) -%}
generate_series(cast({{ first }} as bigint), cast({{ last }} as bigint))
{%- endmacro %}
{% macro duckdb__whole_numbers(first, last) -%}
unnest(generate_series(cast({{ first }} as bigint), cast({{ last }} as bigint)))
{%- endmacro %}

{# The time, in UTC, that is so many microseconds after 1970. #}
{% macro time_at(microseconds) %}{{ return(adapter.dispatch('time_at', 'jkpi')(microseconds)) }}{% endmacro %}
{% macro default__time_at(microseconds) -%}
(timestamp '1970-01-01' + interval '1 microsecond' * ({{ microseconds }}))
{%- endmacro %}
{% macro duckdb__time_at(microseconds) %}make_timestamp({{ microseconds }}){% endmacro %}

{# A naive time in UTC as a moment that every zone knows. DuckDB looks up zones slowly, even for UTC. #}
{% macro as_utc(utc) %}{{ return(adapter.dispatch('as_utc', 'jkpi')(utc)) }}{% endmacro %}
{% macro default__as_utc(utc) %}({{ utc }} at time zone 'UTC'){% endmacro %}
{% macro duckdb__as_utc(utc) %}make_timestamptz(epoch_us({{ utc }})){% endmacro %}

{# Elapsed seconds with their fraction. #}
{% macro seconds_between(start, stop) -%}
(({{ microseconds(stop) }} - {{ microseconds(start) }}) / cast(1000000 as double precision))
{%- endmacro %}

{# Text in the order of its bytes, whatever the collation of the database. #}
{% macro bytewise(expression) %}{{ return(adapter.dispatch('bytewise', 'jkpi')(expression)) }}{% endmacro %}
{% macro default__bytewise(expression) %}{{ expression }} collate "C"{% endmacro %}
{% macro duckdb__bytewise(expression) %}{{ expression }}{% endmacro %}

{#
    Of a group: the value, not NULL, of the row that comes first (or last) by `position`, which is unique in it, or is so
    together with a second one.
#}
{% macro first_by(value, position, then=none) -%}
{{ return(adapter.dispatch('first_by', 'jkpi')(value, position, then)) }}
{%- endmacro %}
{% macro default__first_by(value, position, then) -%}
(array_agg({{ value }} order by {{ position }}{{ ', ' ~ then if then }}) filter (where {{ value }} is not null))[1]
{%- endmacro %}
{% macro duckdb__first_by(value, position, then) -%}
arg_min({{ value }}, {{ 'row(' ~ position ~ ', ' ~ then ~ ')' if then else position }}) filter (where {{ value }} is not null)
{%- endmacro %}
{% macro last_by(value, position) %}{{ return(adapter.dispatch('last_by', 'jkpi')(value, position)) }}{% endmacro %}
{% macro default__last_by(value, position) -%}
(array_agg({{ value }} order by {{ position }} desc) filter (where {{ value }} is not null))[1]
{%- endmacro %}
{% macro duckdb__last_by(value, position) -%}
arg_max({{ value }}, {{ position }}) filter (where {{ value }} is not null)
{%- endmacro %}

{# Indexes where they help: a column store is slowed down by them. #}
{% macro key_index(columns) %}{{ return(adapter.dispatch('key_index', 'jkpi')(columns)) }}{% endmacro %}
{% macro default__key_index(columns) %}{{ return([]) }}{% endmacro %}
{% macro postgres__key_index(columns) %}{{ return([{'columns': columns}]) }}{% endmacro %}

{#
    How a mart is kept that has a row for each event, answer or passage. PostgreSQL would join all of them anew for
    whoever looks at a few, row by row: there it is a table.
#}
{% macro row_mart() %}{{ return('table' if target.type == 'postgres' else 'view') }}{% endmacro %}

{#
    Run before each model. PostgreSQL guesses few rows behind a CTE and would then compare every row with every other
    one: joins are hashed or merged here, which is right for whole tables; and sorts get the memory that they need.
#}
{% macro before_model() %}{{ return(adapter.dispatch('before_model', 'jkpi')()) }}{% endmacro %}
{% macro default__before_model() %}{% endmacro %}
{% macro postgres__before_model() -%}
set local enable_nestloop = off; set local jit = off; set local work_mem = '64MB'
{%- endmacro %}

{# Run after each table: PostgreSQL knows nothing of a new table until it is told to look. #}
{% macro after_table() %}{{ return(adapter.dispatch('after_table', 'jkpi')()) }}{% endmacro %}
{% macro default__after_table() %}{% endmacro %}
{% macro postgres__after_table() -%}
{% if model.config.materialized in ('table', 'incremental') %}analyze {{ this }}{% endif %}
{%- endmacro %}
