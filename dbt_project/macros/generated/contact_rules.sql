{#- The contact rules of the seed contact_rules, in its order: written by make docs. -#}
{% macro contact_rules() -%}
    {{ return([
        {'id': 'channel', 'kind': 'standing'},
        {'id': 'address', 'kind': 'standing'},
        {'id': 'number', 'kind': 'standing'},
        {'id': 'consent', 'kind': 'standing'},
        {'id': 'suppression', 'kind': 'standing'},
        {'id': 'paused', 'kind': 'pause'},
        {'id': 'cap_24h', 'kind': 'cap'},
        {'id': 'cap_7d', 'kind': 'cap'},
        {'id': 'cap_fewer', 'kind': 'cap'},
        {'id': 'zone', 'kind': 'standing'},
        {'id': 'hours', 'kind': 'standing'},
        {'id': 'soft_bounces', 'kind': 'pause'},
        {'id': 'complaints', 'kind': 'pause'},
        {'id': 'in_transit', 'kind': 'pause'},
        {'id': 'conversation', 'kind': 'pause'},
        {'id': 'cap_state', 'kind': 'cap'},
        {'id': 'unread_rows', 'kind': 'pause'},
        {'id': 'merged', 'kind': 'standing'},
    ]) }}
{%- endmacro %}
