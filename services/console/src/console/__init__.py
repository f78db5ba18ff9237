"""The pages of quorum for people inside: moderators, their leads, operators."""
