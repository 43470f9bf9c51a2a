#!lua
-- put SEQ STATE MODULE OWNER PRIORITY DUE EXPIRES HASH DIGEST DETACHED WANTS JOB_MAX OWNER_MAX WISH INPUT: a new job.

local seq, state, module, owner = number_of(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local priority, due, expires, hash, digest = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local detached, wants, job_max, owner_max = ARGV[12], ARGV[13], tonumber(ARGV[14]), tonumber(ARGV[15])
local wish, input = ARGV[16], ARGV[17]
local key = prefix .. 'job:' .. seq

-- A repeat: the job is there, or beyond.
local stored = call('HMGET', key, 's', 'h')
if stored[1] then
    return {OK, (stored[1] ~= 'h' or stored[2] == epoch) and stored[1] or 'w'}
end

local other = hash ~= '' and other_with_key(hash, seq)
if other then
    if call('HGET', prefix .. 'job:' .. other, 'g') ~= digest then
        return {CONFLICT, other}
    end
    if detached == '1' then
        call('HSET', prefix .. 'job:' .. other, 'D', 1)
    end
    return {JOINED, other}
end
if job_max > 0 and call('ZCARD', prefix .. 'all') - call('ZCARD', prefix .. 'over') >= job_max then
    return {FULL}
end
if owner_max > 0 and tonumber(call('HGET', prefix .. 'owners', owner) or 0) >= owner_max then
    return {QUOTA}
end

-- Handed at once only if no other job has waited for that, and the node lives.
if state == 'h' and (not is_living() or is_paused(module) or call('EXISTS', prefix .. 'wait:' .. module) == 1) then
    state = 'w'
end

local fields = {'s', state, 'M', module, 'O', owner, 'p', priority, 't', token, 'n', #wish, 'i', #input}
local function note(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
end
if state == 'h' then
    note('h', epoch)
    note('a', 1)
elseif wants ~= '0' then
    note('F', epoch .. ':' .. wants .. ' ')
end
if due ~= '0' then
    note('u', due)
end
if expires ~= '0' then
    note('x', expires)
end
if detached == '1' then
    note('D', 1)
end
if hash ~= '' then
    note('k', hash)
    note('g', digest)
    call('SET', prefix .. 'key:' .. hash, seq)
end
call('HSET', key, unpack(fields))
call('SET', prefix .. 'in:' .. seq, wish .. input)
call('ZADD', prefix .. 'all', 0, seq)
call('HINCRBY', prefix .. 'owners', owner, 1)
watch('accepted', seq, 0, module, '')
if state == 'h' then
    hold(seq, module)
else
    place(seq, state, module, priority, due, expires)
end
return {OK, state}
