"""What is on labels besides their symbols."""
