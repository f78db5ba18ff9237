"""What moderators ask and say, one module for each resource."""
