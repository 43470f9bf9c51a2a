-- common: what the scripts are made of. queue/redis/embed puts the functions that a script uses before it: so a
-- function uses only those above it, and has no blank line.

local prefix, epoch, token = KEYS[1], ARGV[1], ARGV[2]
local call = redis.call
local OK, UNKNOWN, JOINED, CONFLICT, LOST, MOVED, FULL, QUOTA = 0, 1, 2, 3, 4, 5, 6, 7
local WANTS_STARTED, WANTS_PROGRESS, WANTS_RETRY, WANTS_ANY = 2, 4, 8, 255
local WANTS_NOTHING = '32' -- alone; these are of enum store_wants

-- The store's clock, in milliseconds since 1970.
local function clock()
    local time = call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A job's number as the keys have it: with zeros in front.
local function number_of(text)
    return ('0'):rep(20 - #text) .. text
end

-- --- `state`: one hash with all that most scripts look at: it is read once, and written once ---

-- These fields, by their names.
local function look(...)
    local values, known = call('HMGET', prefix .. 'state', ...), {}
    for i = 1, #values do
        known[select(i, ...)] = values[i] or nil
    end
    return known
end

-- Adds to counts, which were looked at: {field = by}. A count of 0 is gone.
local function apply(known, changes)
    local set, gone = {}, {}
    for field, by in pairs(changes) do
        local value = (known[field] or 0) + by
        known[field] = value
        if value == 0 then
            gone[#gone + 1] = field
        else
            set[#set + 1] = field
            set[#set + 1] = value
        end
    end
    if #set > 0 then
        call('HSET', prefix .. 'state', unpack(set))
    end
    if #gone > 0 then
        call('HDEL', prefix .. 'state', unpack(gone))
    end
end

-- Whether this node is a member: nobody has taken it for dead.
local function is_living()
    return call('HEXISTS', prefix .. 'state', 'n' .. epoch) == 1
end

-- --- nodes ---

-- After an outage nobody is taken for dead for a lease: the living renew first.
local function is_calm(now)
    return now < tonumber(call('GET', prefix .. 'calm') or 0)
end

-- When any node was heard of last.
local function last_seen(now)
    return tonumber(call('GET', prefix .. 'seen') or now)
end

-- None was for half a lease.
local function is_outage(now, lease)
    return now - last_seen(now) > lease / 2
end

-- A node is heard of: then an outage is over. If one was later than now, the clock has gone back, and no lease may last
-- for longer than from now.
local function heard(now, lease)
    if is_outage(now, lease) then
        call('SET', prefix .. 'calm', now + lease)
    elseif now < last_seen(now) then
        for _, node in ipairs(call('ZRANGE', prefix .. 'nodes', 0, -1)) do
            call('ZADD', prefix .. 'nodes', 'LT', now + lease, node)
        end
    end
    call('SET', prefix .. 'seen', now)
end

-- The node is no member any more. It is noted while it holds jobs.
local function bury(node)
    call('ZREM', prefix .. 'nodes', node)
    call('HDEL', prefix .. 'state', 'n' .. node)
    if call('SREM', prefix .. 'watchers', node) == 1 then
        apply(look('W'), {W = -1})
    end
    call('DEL', prefix .. 'news:' .. node)
    if call('EXISTS', prefix .. 'held:' .. node) == 1 then
        call('SADD', prefix .. 'dead', node)
    else
        call('SREM', prefix .. 'dead', node)
        call('DEL', prefix .. 'node:' .. node)
    end
end

-- All nodes that may hold jobs: the living and the dead.
local function members()
    local all = call('ZRANGE', prefix .. 'nodes', 0, -1)
    for _, node in ipairs(call('SMEMBERS', prefix .. 'dead')) do
        all[#all + 1] = node
    end
    return all
end

-- --- places: each job is in one of wait, due, held, over; counts are the caller's ---

-- The first score of a set; 0 if it is empty.
local function first(key)
    return tonumber(call('ZRANGE', prefix .. key, 0, 0, 'WITHSCORES')[2] or 0)
end

-- Another job than `seq` that has the key. One that has failed leaves its key to the next.
local function other_with_key(hash, seq)
    local other = call('GET', prefix .. 'key:' .. hash)
    return other and other ~= seq and not call('HGET', prefix .. 'job:' .. other, 'q') and other
end

-- Jobs of a module wait, or none does any more. `known` has their number.
local function note_waiting(known, module)
    local number = known['w' .. module]
    if number == 0 then
        call('SREM', prefix .. 'mods', module)
    elseif call('SADD', prefix .. 'mods', module) == 1 then
        call('PUBLISH', prefix .. 'work', module)
    end
end

-- A job that is not handed waits, or is delayed; its limit of waiting runs. `known` has the number of waiting ones.
local function place(known, seq, state, module, priority, due, expires)
    if state == 'd' then
        call('ZADD', prefix .. 'due', due, seq)
    else
        call('ZADD', prefix .. 'wait:' .. module, 9 - priority, seq)
        note_waiting(known, module)
    end
    if expires ~= '0' then
        call('ZADD', prefix .. 'expire', expires, seq)
    end
end

local function unplace(known, seq, state, module, expires)
    if state == 'd' then
        call('ZREM', prefix .. 'due', seq)
    else
        call('ZREM', prefix .. 'wait:' .. module, seq)
        note_waiting(known, module)
    end
    if (expires or '0') ~= '0' then
        call('ZREM', prefix .. 'expire', seq)
    end
end

-- The score of the job that this call hands to the node as its `i`th: a repeat of the call finds all by it, in their
-- order.
local function held_score(i)
    return token:match(':(%d+)$') * 1024 + i
end

-- What an earlier try of this call has handed to the node.
local function held_by_call()
    return call('ZRANGEBYSCORE', prefix .. 'held:' .. epoch, held_score(0), held_score(1023))
end

-- Ended jobs are gone, and their keys free.
local function remove(numbers)
    local keys, modules, changes = {}, {}, {}
    for _, seq in ipairs(numbers) do
        local job = call('HMGET', prefix .. 'job:' .. seq, 'M', 'k')
        if job[1] then
            modules[job[1]] = (modules[job[1]] or 0) - 1
        end
        for _, key in ipairs({'job:', 'in:', 'out:'}) do
            keys[#keys + 1] = prefix .. key .. seq
        end
        if job[2] and call('GET', prefix .. 'key:' .. job[2]) == seq then
            keys[#keys + 1] = prefix .. 'key:' .. job[2]
        end
    end
    for module, by in pairs(modules) do
        apply(look('e' .. module), {['e' .. module] = by})
    end
    if #numbers > 0 then
        call('DEL', unpack(keys))
        call('ZREM', prefix .. 'over', unpack(numbers))
        call('ZREM', prefix .. 'all', unpack(numbers))
    end
end

-- --- news ---

-- Of a node that does not fetch its news, only those that it must have are kept beyond this number.
local NEWS_MAX = 10000

local function push(to, text, must)
    local key = prefix .. 'news:' .. to
    if not must and call('LLEN', key) >= NEWS_MAX then
        return
    end
    if call('RPUSH', key, text) == 1 then
        call('PUBLISH', prefix .. 'node:' .. to, '')
    end
end

-- News of this node behind the first `read` ones since it joined; these are dropped. None, if more were dropped before:
-- the call is an old one that is made again, and one with the greater number comes behind it.
local function fetch(max, read)
    local key, node = prefix .. 'news:' .. epoch, prefix .. 'node:' .. epoch
    local dropped = read - (call('HGET', node, 'read') or 0)
    if dropped < 0 then
        return {}
    elseif dropped > 0 then
        call('LTRIM', key, dropped, -1)
        call('HSET', node, 'read', read)
    end
    return call('LRANGE', key, 0, max - 1)
end

-- To all followers at other nodes. Those that are dead are passed over.
local function tell(followers, want, text)
    for to, wants in followers:gmatch('(%d+):(%d+)') do
        if to ~= epoch and bit.band(tonumber(wants), want) ~= 0 and look('n' .. to)['n' .. to] then
            push(to, text, want == WANTS_ANY)
        end
    end
end

-- The followers, with these wishes of this node in place of its earlier ones.
local function follow(seq, followers, wants)
    local rest = followers:gsub('%f[%d]' .. epoch .. ':%d+ ', '')
    if wants ~= WANTS_NOTHING then
        rest = rest .. epoch .. ':' .. wants .. ' '
    end
    call('HSET', prefix .. 'job:' .. seq, 'F', rest)
    return rest
end

-- What the nodes but `holder` want of a job, together.
local function wanted(followers, holder)
    local all = 0
    for node, wants in followers:gmatch('(%d+):(%d+)') do
        if node ~= holder then
            all = bit.bor(all, tonumber(wants))
        end
    end
    return all == 0 and WANTS_NOTHING or all
end

-- To those that watch all jobs. `known` has their number.
local function watch(known, state, seq, attempt, module, reason)
    for _, to in ipairs(known.W and call('SMEMBERS', prefix .. 'watchers') or {}) do
        if to ~= epoch then
            push(to, table.concat({'watch', state, seq, attempt, module, reason}, '\n'))
        end
    end
end

-- --- rows ---

local ROW = {'s', 'a', 'f', 'l', 'c', 'u', 'x', 'h', 'v', 'D', 'F', 'n', 'i', 'y', 'r', 'q'}

-- The head of a text: the wish, or the outcome. With the body behind it, if that is wanted.
local function text_of(key, head, is_wanted)
    if is_wanted then
        return call('GET', key)
    end
    return head > 0 and call('GETRANGE', key, 0, head - 1) or ''
end

-- A job as C reads it; nil if there is none. The input of a done job is gone. The field `v` is the score in `over`.
local function row(seq, with_input, with_result, only_small)
    local job = call('HMGET', prefix .. 'job:' .. seq, unpack(ROW))
    local state, input, result = job[1], tonumber(job[13] or 0), tonumber(job[15] or 0)
    local bound = only_small and only_small > 0 and only_small or math.huge
    if not state then
        return nil
    end
    local is_done = state == 'e' and not job[16]
    table.insert(job, 1, seq)
    job[10] = state == 'e' and call('ZSCORE', prefix .. 'over', seq)
    job[17] = text_of(prefix .. 'in:' .. seq, tonumber(job[13] or 0), with_input and not is_done and input <= bound)
    job[18] = state == 'e' and
        text_of(prefix .. 'out:' .. seq, tonumber(job[15] or 0), with_result and result <= bound)
    return job
end

-- A job that Redis has evicted has none.
local function rows(numbers, with_inputs)
    local all = {}
    for _, seq in ipairs(numbers) do
        all[#all + 1] = row(seq, with_inputs)
    end
    return all
end
