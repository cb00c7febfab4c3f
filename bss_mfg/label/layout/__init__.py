"""Template and printer become a plan in whole printer dots; what can't be printed right is found here."""
