"""What is counted, and the roll-ups it is read from."""
