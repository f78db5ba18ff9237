-- Closes the sessions of an account but one.
--
-- KEYS  1 its sessions (hash)   2 prefix of the sessions
-- ARGV  1 id of the one that stays, '' for none
-- Result  how many were open

return close_sessions(KEYS[1], KEYS[2], ARGV[1])
