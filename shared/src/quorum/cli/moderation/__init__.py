"""`quorum queue`, `show`, `audit`, `decide`: what moderators do at the keyboard, as over HTTP."""
