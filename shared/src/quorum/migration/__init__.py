"""How data of an older release comes to the layout of this one."""
