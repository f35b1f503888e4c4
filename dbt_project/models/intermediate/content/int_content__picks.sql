-- The preview asks it for one customer; what is sent has its own, dec_outbox__picks.
{{ config(materialized='view') }}

{{ picked_products() }}
