"""The signed-in person's own e-mail address, phone number and second step."""
