{#-
    An amount in the shop's currency to integer cents, half a cent away from
    zero.
-#}
{% macro to_cents(amount) -%}
    cast(round({{ amount }} * 100, 0) as bigint)
{%- endmacro %}


{#-
    Whether all of an order was refunded. `refunded` without an amount means all of it;
    with an amount, the amount is what counts.
-#}
{% macro is_fully_refunded(orders) -%}
    (
        (
            {{ orders }}.refunded_cents > 0
            and {{ orders }}.refunded_cents >= {{ orders }}.total_cents
        )
        or (
            {{ orders }}.status = 'refunded'
            and {{ orders }}.refunded_cents = 0
        )
    )
{%- endmacro %}


{#- Text without its outer blanks; nothing but blanks is null. -#}
{% macro clean_text(text) -%}
    nullif(trim({{ text }}), '')
{%- endmacro %}


{#-
    An id as a person or a spreadsheet may spell it: without case, blanks, what can't be
    seen, quotes and other marks around it, a platform's prefix, leading zeros, and the
    decimal of a number. winback/landing/_set_aside.py has it too. It only ever finds whom
    a refusal or an order may mean.
-#}
{% macro folded_id(id) -%}
    {%- set unseen = ' \t\r\n\u00a0\u200b-\u200f\u202a-\u202f\u2060\ufeff' -%}
    {%- set marks = '"' ~ "'`´‘’“”=#," -%}
    {%- set bare = 'lower(' ~ winback.remove_matches(
        id, '[' ~ unseen ~ marks ~ ']'
    ) ~ ')' -%}
    {%- set own = winback.remove_matches(
        bare, '^(gid://[a-z]+/)?customers?/'
    ) -%}
    {{ winback.keep_first_group(
        winback.keep_first_group(own, '^([0-9]+)[.]0+$'), '^0+([1-9][0-9]*)$'
    ) }}
{%- endmacro %}


{#-
    Text to a number in [0, 1), equal in DuckDB, Spark and Python: the first
    eight hex digits of its md5 over 2^32. Arms and variants hang on it: it must
    never change.
-#}
{% macro hash_unit(text) -%}
    cast(
        cast('0x' || substr(md5({{ text }}), 1, 8) as bigint) / 4294967296.0
        as double
    )
{%- endmacro %}


{#-
    Where a customer stands for the global holdout, in [0, 1): below its share, they get
    nothing from any playbook that has a holdout.
-#}
{% macro global_hash(customer_id) -%}
    {{ hash_unit(customer_id ~ " || '|global_holdout'") }}
{%- endmacro %}


{#-
    Does any part of the text match the regular expression? Write [.] and [+]
    rather than a backslash. A quote in it stands once, as in the expression itself.
-#}
{% macro matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ dbt.escape_single_quotes(pattern) }}')
{%- endmacro %}


{#- The text without any part that matches the regular expression. -#}
{% macro remove_matches(text, pattern) -%}
    regexp_replace(
        {{ text }}, '{{ dbt.escape_single_quotes(pattern) }}', '', 'g'
    )
{%- endmacro %}


{#- What the first group of the pattern matched, in the place of the match; else the text. -#}
{% macro keep_first_group(text, pattern) -%}
    regexp_replace({{ text }}, '{{ dbt.escape_single_quotes(pattern) }}', '\1')
{%- endmacro %}


{#- An aggregate: the middle value, or the mean of the two in the middle. -#}
{% macro median(number) -%}
    median({{ number }})
{%- endmacro %}


{#- In an order: whoever ordered last first, whoever never did last. -#}
{% macro latest_order_first(last_order_at='last_order_at') -%}
    coalesce(
        {{ last_order_at }},
        cast('1970-01-01T00:00:00+00:00' as {{ winback.timestamptz_type() }})
    ) desc
{%- endmacro %}


{#-
    After a CTE's `as`: read anew by each of those who read it. DuckDB keeps the rows of one
    that is read twice: all orders of a large shop in memory.
-#}
{% macro not_materialized() -%}not materialized{%- endmacro %}
