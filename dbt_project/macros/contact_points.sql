{#-
    One spelling an address, on both sides of every join: what a customer gave,
    and what an opt-out names.
-#}
{% macro normalized_email(email) -%}
    nullif(lower(trim({{ email }})), '')
{%- endmacro %}

{% macro normalized_phone(phone) -%}
    nullif({{ winback.remove_matches(phone, '[ ().-]') }}, '')
{%- endmacro %}

{#-
    Dot-atom at a host name with a top level (RFC 5321 lengths; no quoted local
    part).
-#}
{% macro is_email(address) -%}
    (
        length({{ address }}) <= 254
        and {{ winback.matches(
            address,
            "^[a-z0-9!#$%&'*+/=?^_`{|}~-]+([.][a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
            ~ "@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+"
            ~ "([a-z]{2,63}|xn--[a-z0-9-]{1,59})$"
        ) }}
        and {{ winback.matches(address, "^[^@]{1,64}@") }}
    )
{%- endmacro %}

{#-
    E.164: a plus, a country code that starts with 1-9, 8 to 15 digits in all.
-#}
{% macro is_phone(address) -%}
    {{ winback.matches(address, "^[+][1-9][0-9]{7,14}$") }}
{%- endmacro %}
