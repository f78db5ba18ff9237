"""What moderators should look at: which images, in which order, and what there is to know of each."""
