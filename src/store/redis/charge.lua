-- Charges a counter, if both of its rates allow it.
-- KEYS: the counter. ARGV, in milliseconds, for each of the rates: what a charge costs, how much
-- debt there may be then, and how much is believed. A cost of 0 limits nothing.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function debt(till, believed)
    local some = till - now
    -- More was written while the clock was ahead.
    if some < 0 or some > tonumber(believed) then return 0 end
    return some
end
local function allows(some, cost, most)
    return tonumber(cost) == 0 or some <= tonumber(most)
end
local fast, slow = 0, 0
local counter = redis.call('GET', KEYS[1])
if counter then
    local f, s = counter:match('^c(%d+) (%d+)$')
    if not f then return 0 end
    fast, slow = debt(f, ARGV[3]), debt(s, ARGV[6])
end
fast, slow = fast + ARGV[1], slow + ARGV[4]
if not allows(fast, ARGV[1], ARGV[2]) or not allows(slow, ARGV[4], ARGV[5]) then return 0 end
local stays = math.max(fast, slow)
if stays > 0 then
    local ends = string.format('c%.0f %.0f', now + fast, now + slow)
    redis.call('SET', KEYS[1], ends, 'PX', string.format('%.0f', stays))
end
return 1
