#!lua flags=allow-oom
-- watch ON: this node hears of all jobs at other nodes, or no longer.

if not is_living() then
    return {LOST}
end
call(ARGV[3] == '1' and 'SADD' or 'SREM', prefix .. 'watchers', epoch)
return {OK}
