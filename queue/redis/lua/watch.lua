#!lua flags=allow-oom
-- watch ON: this node hears of all jobs at other nodes, or no longer.

if not is_living() then
    return {LOST}
end
local is_on = ARGV[3] == '1'
if call(is_on and 'SADD' or 'SREM', prefix .. 'watchers', epoch) == 1 then
    apply(look('W'), {W = is_on and 1 or -1})
    call('PUBLISH', prefix .. 'paused', '') -- all look at once
end
return {OK}
