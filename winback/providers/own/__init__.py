"""What our own pages record: clicks on our links, and what people choose behind them."""
