#!lua
-- put SEQ STATE MODULE OWNER PRIORITY DUE EXPIRES HASH DIGEST DETACHED WANTS JOB_MAX OWNER_MAX WISH INPUT: a new job.

local seq, state, module, owner = number_of(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local priority, due, expires, hash, digest = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local detached, wants, job_max, owner_max = ARGV[12], ARGV[13], tonumber(ARGV[14]), tonumber(ARGV[15])
local wish, input = ARGV[16], ARGV[17]
local key = prefix .. 'job:' .. seq

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

local waiting, handed, mine = 'w' .. module, 'h' .. module, 'o' .. owner
local known = look(waiting, handed, 'd' .. module, mine, 'p', 'p' .. module, 'n' .. epoch, 'W')

local function refusal()
    local all = job_max > 0 and call('ZCARD', prefix .. 'all') or 0
    if job_max > 0 and all >= job_max and all - call('ZCARD', prefix .. 'over') >= job_max then
        return FULL
    end
    return owner_max > 0 and tonumber(known[mine] or 0) >= owner_max and QUOTA
end

-- An earlier try of this call has put the job: its state now. Handed it is by this call only: a later claim of this node
-- tells of the job itself. The number is another job's only if clocks went back.
local function repeated()
    local job = call('HMGET', key, 's', 'h', 't')
    if not job[1] or call('GETRANGE', prefix .. 'in:' .. seq, 0, #wish - 1) ~= wish then
        return redis.error_reply('ERR the number ' .. seq .. ' is that of another job')
    end
    return {OK, (job[1] ~= 'h' or job[2] == epoch and job[3] == token) and job[1] or 'w'}
end

local status = refusal()
if status then
    return call('EXISTS', key) == 1 and repeated() or {status}
end
if not call('SET', prefix .. 'in:' .. seq, wish .. input, 'NX') then
    return repeated()
end

-- Handed at once only if no other job has waited for that, and the node lives.
if state == 'h' and (known[waiting] or known.p or known['p' .. module] or not known['n' .. epoch]) then
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
call('ZADD', prefix .. 'all', 0, seq)
apply(known, {[state .. module] = 1, [mine] = 1})
watch(known, 'accepted', seq, 0, module, '')
if state == 'h' then
    call('ZADD', prefix .. 'held:' .. epoch, held_score(1), seq)
else
    place(known, seq, state, module, priority, due, expires)
end
return {OK, state}
