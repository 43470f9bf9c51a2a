#!lua flags=allow-oom
-- sweep MAX: ended jobs whose outcome was kept for long enough are gone.

local numbers = call('ZRANGEBYSCORE', prefix .. 'over', '-inf', clock(), 'LIMIT', 0, ARGV[3])
for _, seq in ipairs(numbers) do
    remove(seq)
end
return {OK, #numbers, first('over')}
