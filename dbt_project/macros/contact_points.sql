{#-
    The channels that customers have a row for: email and texts always, any other only
    while it is switched on, so that nobody's build grows by what they don't use.
-#}
{% macro known_channels() -%}
    {%- set known = [] -%}
    {%- for channel in var('channel_order')
        if channel in ['email', 'sms'] or channel in var('channels') -%}
        {%- do known.append(channel) -%}
    {%- endfor -%}
    {{ return(known) }}
{%- endmacro %}

{#- What a person agrees to or refuses: the channels, and their place in lists for ads. -#}
{% macro consent_subjects() -%}
    {{ return(winback.known_channels() + ['ads']) }}
{%- endmacro %}

{% macro is_switched_on(channel) -%}
    {%- if var('channels') -%}
    {{ channel }} in ('{{ var('channels') | join("', '") }}')
    {%- else -%}
    false
    {%- endif -%}
{%- endmacro %}

{#- All channels of one person's phone go to the number that texts go to. -#}
{% macro address_channel(channel) -%}
    case
        when {{ channel }} in ('email', 'direct_mail') then {{ channel }}
        else 'sms'
    end
{%- endmacro %}

{#-
    One spelling an address, on both sides of every join: what a customer gave,
    and what an opt-out names.
-#}
{% macro normalized_email(email) -%}
    nullif(lower(trim({{ email }})), '')
{%- endmacro %}

{#-
    Which mailbox a normalized address leads to, to tell one person under several ids: what
    follows a plus is a label, and Gmail reads no dots. Mail still goes to the address.
-#}
{% macro mailbox(address) -%}
    case
        when {{ winback.matches(address, "@(gmail|googlemail)[.]com$") }}
            then concat(
                {{ winback.remove_matches(address, "([+][^@]*)?@.*$|[.]") }},
                '@gmail.com'
            )
        else {{ winback.remove_matches(address, "[+][^@]*") }}
    end
{%- endmacro %}

{% macro normalized_phone(phone) -%}
    nullif({{ winback.remove_matches(phone, '[ ().-]') }}, '')
{%- endmacro %}

{#- An address of any group; only a letter's has lines. -#}
{% macro normalized_address(address) -%}
    case
        when
            {{ address }} like '%@%'
            or {{ address }} like concat('%', chr(10), '%')
            then {{ normalized_email(address) }}
        else {{ normalized_phone(address) }}
    end
{%- endmacro %}

{#-
    One line of a letter's address, as addresses are compared: in lower case, with one blank
    where there are several or what can't be seen. It is printed in capitals.
    winback/people/erasure/_find.py asks DuckDB for the same.
-#}
{% macro address_line(line) -%}
    nullif(trim(lower({{ winback.one_blank(line) }})), '')
{%- endmacro %}

{% macro one_blank(text) -%}
    regexp_replace({{ text }}, '[{{ winback.blanks() }}]+', ' ', 'g')
{%- endmacro %}

{% macro blanks() -%}
    {{ return(
        ' \t\r\n\u0085\u00a0\u1680\u2000-\u200f\u2028-\u202f\u2060\u3000\ufeff'
    ) }}
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

{#-
    What stands in the ledger for an erased address (winback/ledger/_address_keys.py):
    its HMAC-SHA256, from the two pads of the key, in hex. The pads are columns, so
    that no query holds the key.
-#}
{% macro hidden_address(address, inner_pad, outer_pad) -%}
    'hmac:' || sha256(
        unhex({{ outer_pad }})
        || unhex(sha256(unhex({{ inner_pad }}) || encode({{ address }})))
    )
{%- endmacro %}

{#-
    How a list of opt-outs names an address that it doesn't tell
    (winback/ledger/_address_hashes.py): its SHA-256 in hex, without a key.
-#}
{% macro address_hash(address) -%}
    'sha256:' || sha256({{ address }})
{%- endmacro %}
