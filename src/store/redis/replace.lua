-- Writes the part of a row that changes, if the row lives and has the revision that it is expected
-- to have.
-- KEYS: the row. ARGV: that revision; the new part with its length before it.
local row = redis.call('GET', KEYS[1])
if not row then return 0 end
local head, length, start = row:byte(1), row:byte(2), 3
if head < 16 or head > 31 then
    return redis.error_reply('ERR the row is not one of this version')
end
if length > 127 then length, start = length - 128 + 128 * row:byte(3), 4 end
if head ~= 16 or row:sub(start, start - 1 + #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], row:sub(1, 1) .. ARGV[2] .. row:sub(start + length), 'KEEPTTL')
return 1
