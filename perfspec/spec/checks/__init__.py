"""What makes a well-formed spec wrong: names that mean nothing, templates that cannot be filled."""
