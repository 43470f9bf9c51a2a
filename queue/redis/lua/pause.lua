#!lua flags=allow-oom
-- pause MODULE ON: jobs of the module, or of all, are not handed on, or are again.

local module, on = ARGV[3], ARGV[4] == '1'
if on then
    call('HSET', prefix .. 'paused', module, 1)
else
    call('HDEL', prefix .. 'paused', module)
end
call('PUBLISH', prefix .. 'paused', module)
if not on then
    for _, waiting in ipairs(module ~= '' and {module} or call('SRANDMEMBER', prefix .. 'mods', 100)) do
        call('PUBLISH', prefix .. 'work', waiting)
    end
end
return {OK}
