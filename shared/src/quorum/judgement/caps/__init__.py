"""What bounds automatic blocks: the budget of each person, and the shields of the site."""
