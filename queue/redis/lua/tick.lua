#!lua flags=allow-oom
-- tick LEASE_MS WANTS_COUNTS NEWS_MAX NEWS_READ: renews the lease, and tells what a node has to know.

local lease, wants_counts, max, read = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local COUNTS_MAX = 4000
local now = clock()
if not is_living() then
    return {LOST, now}
end

local function has_orphans()
    if call('SCARD', prefix .. 'dead') > 0 then
        return 1
    end
    return not is_calm(now) and call('ZCOUNT', prefix .. 'nodes', '-inf', now) > 0 and 1 or 0
end

-- Up to COUNTS_MAX fields of a hash, in no order.
local function some(key)
    if call('HLEN', prefix .. key) <= COUNTS_MAX then
        return call('HGETALL', prefix .. key)
    end
    return call('HRANDFIELD', prefix .. key, COUNTS_MAX, 'WITHVALUES')
end

local function totals()
    local held = 0
    for _, node in ipairs(members()) do
        held = held + call('ZCARD', prefix .. 'held:' .. node)
    end
    local delayed, ended = call('ZCARD', prefix .. 'due'), call('ZCARD', prefix .. 'over')
    return {call('ZCARD', prefix .. 'all') - delayed - held - ended, delayed, held, ended}
end

heard(now, lease)
call('ZADD', prefix .. 'nodes', now + lease, epoch)
call('HSET', prefix .. 'node:' .. epoch, 'seen', now)
local others = call('SCARD', prefix .. 'watchers') - call('SISMEMBER', prefix .. 'watchers', epoch)
local sums = call('HMGET', prefix .. 'totals', 'taken_over', 'refused')
local is_asked = wants_counts == '1'
return {OK, now, now + lease, first('due'), first('expire'), first('over'), has_orphans(),
    call('HKEYS', prefix .. 'paused'), call('SRANDMEMBER', prefix .. 'mods', 100),
    call('ZCARD', prefix .. 'nodes'), tonumber(sums[1] or 0), tonumber(sums[2] or 0), others > 0 and 1 or 0,
    fetch(max, read), is_asked and totals() or {}, is_asked and some('counts') or {},
    is_asked and some('owners') or {}}
