-- Reads the next entries of a feed, and which run of a server has them.
-- KEYS: the feed. ARGV: before the first entry; how many.
local server, replication = redis.call('INFO', 'server'), redis.call('INFO', 'replication')
local entries = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
return {server, replication, redis.call('TIME'), entries}
