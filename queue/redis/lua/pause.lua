#!lua flags=allow-oom
-- pause MODULE ON: jobs of the module, or of all, are not handed on, or are again.

local module, on = ARGV[3], ARGV[4] == '1'
if on then
    call('SADD', prefix .. 'paused', module)
    call('HSET', prefix .. 'state', 'p' .. module, 1)
else
    call('SREM', prefix .. 'paused', module)
    call('HDEL', prefix .. 'state', 'p' .. module)
end
call('PUBLISH', prefix .. 'paused', module)
if not on then
    for _, waiting in ipairs(module ~= '' and {module} or call('SRANDMEMBER', prefix .. 'mods', 100)) do
        call('PUBLISH', prefix .. 'work', waiting)
    end
end
return {OK}
