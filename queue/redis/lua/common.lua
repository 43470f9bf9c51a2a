-- common: stands before each script: what they all are made of.

local prefix, epoch, token = KEYS[1], ARGV[1], ARGV[2]
local call = redis.call
local OK, UNKNOWN, JOINED, CONFLICT, LOST, MOVED, FULL, QUOTA = 0, 1, 2, 3, 4, 5, 6, 7
local WANTS_STARTED, WANTS_PROGRESS, WANTS_RETRY, WANTS_ANY = 2, 4, 8, 255
local WANTS_NOTHING = '32' -- alone; these are of enum store_wants
local NEWS_MAX = 10000 -- of a node; then news of less weight are left out

-- The store's clock, in milliseconds since 1970.
local function clock()
    local time = call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A job's number as the keys have it: with zeros in front.
local function number_of(text)
    return ('0'):rep(20 - #text) .. text
end

-- The score of jobs that this call hands to the node: a repeat of the call finds them by it.
local function call_number()
    return tonumber(token:match(':(%d+)$'))
end

-- Whether this node is a member: nobody has taken it for dead.
local function is_living()
    return call('ZSCORE', prefix .. 'nodes', epoch)
end

-- After an outage nobody is taken for dead for a lease: the living renew first.
local function is_calm(now)
    return now < tonumber(call('GET', prefix .. 'calm') or 0)
end

-- A node is heard of. If none was for half a lease, an outage is over.
local function heard(now, lease)
    local seen = call('GET', prefix .. 'seen')
    if seen and now - seen > lease / 2 then
        call('SET', prefix .. 'calm', now + lease)
    end
    call('SET', prefix .. 'seen', now)
end

-- A dead node is noted while it holds jobs, and is gone then.
local function bury(node)
    if call('EXISTS', prefix .. 'held:' .. node) == 1 then
        call('SADD', prefix .. 'dead', node)
    else
        call('SREM', prefix .. 'dead', node)
        call('DEL', prefix .. 'node:' .. node)
    end
    call('DEL', prefix .. 'news:' .. node)
    call('SREM', prefix .. 'watchers', node)
end

-- Adds to a number in a hash, which is gone at 0.
local function add(key, field, by)
    if call('HINCRBY', key, field, by) == 0 then
        call('HDEL', key, field)
    end
end

local function count(state, module, by)
    add(prefix .. 'counts', state .. module, by)
end

local function is_paused(module)
    local paused = call('HMGET', prefix .. 'paused', '', module)
    return paused[1] or paused[2]
end

-- The first score of a set; 0 if it is empty.
local function first(key)
    return tonumber(call('ZRANGE', prefix .. key, 0, 0, 'WITHSCORES')[2] or 0)
end

-- All nodes that may hold jobs: the living and the dead.
local function members()
    local all = call('ZRANGE', prefix .. 'nodes', 0, -1)
    for _, node in ipairs(call('SMEMBERS', prefix .. 'dead')) do
        all[#all + 1] = node
    end
    return all
end

-- Another job than `seq` that has the key. One that has failed leaves its key to the next.
local function other_with_key(hash, seq)
    local other = call('GET', prefix .. 'key:' .. hash)
    return other and other ~= seq and not call('HGET', prefix .. 'job:' .. other, 'q') and other
end

-- --- places of jobs: each job is in one of wait, due, held, over ---

local function wait_add(seq, module, priority)
    local key = prefix .. 'wait:' .. module
    call('ZADD', key, 9 - priority, seq)
    count('w', module, 1)
    if call('ZCARD', key) == 1 then
        call('SADD', prefix .. 'mods', module)
        call('PUBLISH', prefix .. 'work', module)
    end
end

local function wait_remove(seq, module)
    local key = prefix .. 'wait:' .. module
    call('ZREM', key, seq)
    count('w', module, -1)
    if call('EXISTS', key) == 0 then
        call('SREM', prefix .. 'mods', module)
    end
end

-- A job that is not handed waits, or is delayed; its limit of waiting runs.
local function place(seq, state, module, priority, due, expires)
    if state == 'd' then
        call('ZADD', prefix .. 'due', due, seq)
        count('d', module, 1)
    else
        wait_add(seq, module, priority)
    end
    if expires ~= '0' then
        call('ZADD', prefix .. 'expire', expires, seq)
    end
end

local function unplace(seq, state, module)
    if state == 'd' then
        call('ZREM', prefix .. 'due', seq)
        count('d', module, -1)
    else
        wait_remove(seq, module)
    end
    call('ZREM', prefix .. 'expire', seq)
end

local function hold(seq, module)
    call('ZADD', prefix .. 'held:' .. epoch, call_number(), seq)
    count('h', module, 1)
end

local function unhold(seq, module)
    call('ZREM', prefix .. 'held:' .. epoch, seq)
    count('h', module, -1)
end

-- An ended job is gone, and its key is free.
local function remove(seq)
    local key = prefix .. 'job:' .. seq
    local job = call('HMGET', key, 'M', 'k')
    call('DEL', key, prefix .. 'in:' .. seq, prefix .. 'out:' .. seq)
    call('ZREM', prefix .. 'over', seq)
    call('ZREM', prefix .. 'all', seq)
    count('e', job[1], -1)
    if job[2] and call('GET', prefix .. 'key:' .. job[2]) == seq then
        call('DEL', prefix .. 'key:' .. job[2])
    end
end

-- What an earlier try of this call has handed to the node.
local function held_by_call()
    local number = call_number()
    return call('ZRANGEBYSCORE', prefix .. 'held:' .. epoch, number, number)
end

-- --- news ---

-- News without `must` may be left out, if the node does not fetch its news.
local function push(to, text, must)
    local key = prefix .. 'news:' .. to
    if not must and call('LLEN', key) >= NEWS_MAX then
        return
    end
    if call('RPUSH', key, text) == 1 then
        call('PUBLISH', prefix .. 'node:' .. to, '')
    end
end

-- News of this node behind the first `read` ones since it joined; these are dropped.
local function fetch(max, read)
    local key, node = prefix .. 'news:' .. epoch, prefix .. 'node:' .. epoch
    local dropped = read - call('HGET', node, 'read')
    if dropped > 0 then
        call('LTRIM', key, dropped, -1)
        call('HSET', node, 'read', read)
    end
    return call('LRANGE', key, 0, max - 1)
end

-- To all followers at other nodes. Those that are dead are passed over.
local function tell(followers, want, text)
    for to, wants in followers:gmatch('(%d+):(%d+)') do
        if to ~= epoch and bit.band(tonumber(wants), want) ~= 0
            and call('ZSCORE', prefix .. 'nodes', to) then
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

local function watch(state, seq, attempt, module, reason)
    for _, to in ipairs(call('SMEMBERS', prefix .. 'watchers')) do
        if to ~= epoch then
            push(to, table.concat({'watch', state, seq, attempt, module, reason}, '\n'))
        end
    end
end

-- --- rows ---

local ROW = {'s', 'a', 'f', 'l', 'c', 'u', 'x', 'h', 'v', 'D', 'F', 'n', 'i', 'y', 'r'}

local function body(key, head, size, is_wanted, only_small)
    if is_wanted and (only_small == 0 or size <= only_small) then
        return call('GET', key)
    end
    return head > 0 and call('GETRANGE', key, 0, head - 1) or ''
end

-- A job as C reads it; nil if there is none.
local function row(seq, with_input, with_result, only_small)
    local job = call('HMGET', prefix .. 'job:' .. seq, unpack(ROW))
    if not job[1] then
        return nil
    end
    table.insert(job, 1, seq)
    job[17] = body(prefix .. 'in:' .. seq, tonumber(job[13] or 0), tonumber(job[14] or 0), with_input,
        only_small or 0)
    job[18] = job[2] == 'e' and body(prefix .. 'out:' .. seq, tonumber(job[15] or 0),
        tonumber(job[16] or 0), with_result, only_small or 0)
    return job
end

local function rows(numbers, with_inputs)
    local all = {}
    for i, seq in ipairs(numbers) do
        all[i] = row(seq, with_inputs)
    end
    return all
end
