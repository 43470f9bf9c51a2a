#!lua flags=allow-oom
-- leave: the node is no member any more. While it holds jobs, their runs may go on at its master: then its lease runs
-- out first, as if the node had died.

if call('EXISTS', prefix .. 'held:' .. epoch) == 0 then
    bury(epoch)
end
return {OK}
