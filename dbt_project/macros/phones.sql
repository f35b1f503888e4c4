{#-
    A phone with nothing but digits, letters, a plus and a label left in it: spaces, dashes,
    marks and what can't be seen fall away, and digits of other scripts are ours. What a
    spreadsheet counts with ends with a decimal. winback/base/phones.py does the same.
-#}
{% macro bare_phone(text) -%}
    {%- set ascii = 'lower(translate('
        ~ winback.remove_matches(text, winback.unseen_characters())
        ~ ", '０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९০১২৩৪৫৬৭৮৯＋﹢⁺[]', "
        ~ "'01234567890123456789012345678901234567890123456789+++'))" -%}
    {%- set counted = winback.keep_first_group(ascii, '^([+]?[0-9]+)[.]0$') -%}
    {{ return(winback.remove_matches(counted, "[/.()'‘’−·•_~]")) }}
{%- endmacro %}

{#- Its digits, after a plus if there is one: without label, extension or a 00 after the plus. -#}
{% macro digits_of_bare_phone(bare) -%}
    {%- set unlabelled = winback.remove_matches(
        bare,
        '^(tel|telephone|phone|mobile|mob|cell|sms|whatsapp|callto|p|t|m):'
    ) -%}
    {%- set extended = winback.keep_first_group(
        unlabelled,
        '^(.*[0-9])(;?ext|;?extn|;?extension|x|#)[:=]?[0-9]{1,7}$'
    ) -%}
    case
        when {{ winback.matches(extended, '^[+]') }}
            then concat('+', {{ winback.remove_matches(extended, '^[+]+(00)?') }})
        else {{ extended }}
    end
{%- endmacro %}

{#-
    What can't be seen, as a character class. It is the one pattern that needs a backslash.
-#}
{% macro unseen_characters() -%}
    {{ return('[\\p{Z}\\p{Pd}\\p{Cf}\\p{Cc}\\p{Mn}\\p{Me}]') }}
{%- endmacro %}

{#- Does a list of numbers with blanks between them hold this one? -#}
{% macro lists(numbers, number) -%}
    concat(' ', {{ numbers }}, ' ') like concat('% ', {{ number }}, ' %')
{%- endmacro %}

{#-
    Does a national number begin with what is dialled inside its country only? A number
    of some lengths begins with the same digits and keeps them. From the columns of
    phone_plans, or of the table named.
-#}
{% macro has_trunk(national, plan=none) -%}
    {%- set of = '' if plan is none else plan ~ '.' -%}
    (
        {{ of }}trunk is not null
        and {{ national }} like concat({{ of }}trunk, '%')
        and not {{ winback.lists(
            'coalesce(' ~ of ~ "lengths_with_trunk, '')", 'length(' ~ national ~ ')'
        ) }}
    )
{%- endmacro %}
