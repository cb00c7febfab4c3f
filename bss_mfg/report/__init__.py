"""What a verification found, for people: a page, a PDF, tables, and the statistics in all of them."""
