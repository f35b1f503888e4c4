{#-
    The newest version of every row of a relation of exported rows. An export that
    died half way repeats itself, so that one version may be there twice, all columns
    equal: which of the two is kept makes no difference.
-#}
{% macro latest_version(relation, key) -%}
    select *
    from (
        select
            *,
            row_number() over (
                partition by {{ key }}
                order by version desc
            ) as version_rank
        from {{ relation }}
    ) as versions
    where version_rank = 1
{%- endmacro %}
