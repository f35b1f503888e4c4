"""A print shop: files of addresses and words, which it prints and mails."""
