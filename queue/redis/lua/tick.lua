#!lua flags=allow-oom
-- tick LEASE_MS WANTS_COUNTS NEWS_MAX NEWS_READ: renews the lease, and tells what a node has to know.

local lease, wants_counts, max, read = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local COUNTS_MAX = 10000 -- 3 ms or so
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

-- Pairs of modules with their states, and of owners, in no order.
local function counts()
    local key, modules, owners = prefix .. 'state', {}, {}
    local all = call('HLEN', key) <= COUNTS_MAX and call('HGETALL', key) or
        call('HRANDFIELD', key, COUNTS_MAX, 'WITHVALUES')
    for i = 1, #all, 2 do
        local kind, name = all[i]:sub(1, 1), all[i]:sub(2)
        if kind == 'o' then
            owners[#owners + 1] = name
            owners[#owners + 1] = all[i + 1]
        elseif kind:find('[wdhe]') then
            modules[#modules + 1] = all[i]
            modules[#modules + 1] = all[i + 1]
        end
    end
    return modules, owners
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
local all, modules, owners = {}, {}, {}
if wants_counts == '1' then
    all, modules, owners = totals(), counts()
end
return {OK, now, now + lease, first('due'), first('expire'), first('over'), has_orphans(),
    call('SMEMBERS', prefix .. 'paused'), call('SRANDMEMBER', prefix .. 'mods', 100),
    call('ZCARD', prefix .. 'nodes'), tonumber(sums[1] or 0), tonumber(sums[2] or 0), others > 0 and 1 or 0,
    fetch(max, read), all, modules, owners}
