-- Ends a session that lives; answers the row as it was.
-- KEYS: the row. ARGV: the first byte, which says why; when; how long the row stays, in
-- milliseconds.
local row = redis.call('GET', KEYS[1])
if not row then return false end
local head = row:byte(1)
if head < 16 or head > 31 then
    return redis.error_reply('ERR the row is not one of this version')
end
if head ~= 16 then return false end
redis.call('SET', KEYS[1], ARGV[1] .. row:sub(2) .. ARGV[2], 'PX', ARGV[3])
return row
