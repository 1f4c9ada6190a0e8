-- Writes the part of a row that changes, if the row lives and has the revision that it is expected to have.
-- KEYS: the row. ARGV: that revision; the new part with its length before it.
local row = redis.call('GET', KEYS[1])
if not row then return 0 end
if row:byte(1) ~= 1 then return redis.error_reply('ERR the row is not one of this version') end
if row:byte(2) ~= 0 or row:sub(4, 3 + #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], row:sub(1, 2) .. ARGV[2] .. row:sub(4 + row:byte(3)), 'KEEPTTL')
return 1
