{{ picked_products(among='dec_outbox__plans') }}
