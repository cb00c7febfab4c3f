"""Labels: template + printer -> layout in whole printer dots -> PDF. Knows no crypto and no SQL."""
