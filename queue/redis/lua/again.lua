#!lua flags=allow-oom
-- again SEQ ATTEMPT EXPIRES WANTS: a failed job waits as a new one, but for its attempts.

local seq, attempt, expires, wants = number_of(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local key = prefix .. 'job:' .. seq
local job = call('HMGET', key, 's', 't', 'q', 'M', 'O', 'p', 'k')
local state, module, hash = job[1], job[4], job[7]
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
count('e', module, -1)
call('HINCRBY', prefix .. 'owners', job[5], 1)
call('DEL', prefix .. 'out:' .. seq)
call('HDEL', key, 'f', 'l', 'c', 'u', 'v', 'q', 'y', 'r')
call('HSET', key, 's', 'w', 'a', attempt, 'x', expires, 't', token)
if wants ~= '0' then
    follow(seq, '', wants)
end
place(seq, 'w', module, job[6], '0', expires)
return {OK}
