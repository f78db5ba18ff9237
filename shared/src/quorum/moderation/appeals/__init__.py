"""Appeals against blocks, and who decides them: one against each block, by another moderator than the one before."""
