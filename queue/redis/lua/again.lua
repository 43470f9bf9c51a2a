#!lua flags=allow-oom
-- again SEQ ATTEMPT EXPIRES WANTS: a failed job waits as a new one, but for its attempts.

local seq, attempt, expires, wants = number_of(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local key = prefix .. 'job:' .. seq
local job = call('HMGET', key, 's', 't', 'q', 'M', 'O', 'p', 'k')
local state, module, owner, hash = job[1], job[4], job[5], job[7]
if not state then
    return {UNKNOWN}
elseif state ~= 'e' then
    return {job[2] == token and OK or MOVED} -- ok: a repeat
elseif not job[3] then
    return {MOVED}
end
local other = hash and other_with_key(hash, seq)
if other then
    return {CONFLICT, other}
end
if hash then
    call('SET', prefix .. 'key:' .. hash, seq)
end
call('ZREM', prefix .. 'over', seq)
call('DEL', prefix .. 'out:' .. seq)
call('HDEL', key, 'f', 'l', 'c', 'u', 'q', 'y', 'r')
call('HSET', key, 's', 'w', 'a', attempt, 'x', expires, 't', token)
if wants ~= '0' then
    follow(seq, '', wants)
end
local known = look('e' .. module, 'w' .. module, 'o' .. owner)
apply(known, {['e' .. module] = -1, ['w' .. module] = 1, ['o' .. owner] = 1})
place(known, seq, 'w', module, job[6], '0', expires)
return {OK}
