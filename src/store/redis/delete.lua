-- Deletes a row if it is still what was read.
-- KEYS: the row. ARGV: what was read.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
