"""What gunicorn loads by itself from the folder it is started in; its command line overrides this."""

# Its control socket goes to ~/.gunicorn: an error in the log of a user without a home, a folder named "~" here for
# one without an entry in passwd, and one socket for all gunicorns of the user. Signals do all that we need.
control_socket_disable = True
