#!lua flags=allow-oom
-- back SEQ STATE ATTEMPT FAILURES LOSSES DUE EXPIRES WANTS [REASON MESSAGE DELAY_MS FAILED_ATTEMPT]: a held job
-- waits, or is delayed. With a reason, for another attempt.

local seq, state, attempt, failures, losses = number_of(ARGV[3]), ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local due, expires, wants = ARGV[8], ARGV[9], ARGV[10]
local reason, message, delay, failed = ARGV[11], ARGV[12], ARGV[13], ARGV[14]
local key = prefix .. 'job:' .. seq
local job = call('HMGET', key, 's', 'h', 'M', 'p', 'F', 'c')
local module, followers, cancelled = job[3] or '', job[5] or '', tonumber(job[6] or 0)
local known = look('n' .. epoch, 'h' .. module, state .. module, 'W')
if not known['n' .. epoch] then
    return {LOST}
elseif job[1] ~= 'h' or job[2] ~= epoch then
    return {OK, cancelled} -- a repeat: a living node keeps what it holds
end
call('ZREM', prefix .. 'held:' .. epoch, seq)
call('HSET', key, 's', state, 'a', attempt, 'f', failures, 'l', losses, 'u', due, 'x', expires, 't', token)
apply(known, {['h' .. module] = -1, [state .. module] = 1})
place(known, seq, state, module, job[4], due, expires)
if wants ~= '0' then
    follow(seq, followers, wants)
end
if reason then
    tell(followers, WANTS_RETRY, table.concat({'retry', seq, failed, delay, reason, message}, '\n'))
    watch(known, 'retry', seq, failed, module, reason)
end
return {OK, cancelled}
