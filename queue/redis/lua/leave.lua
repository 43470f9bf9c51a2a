#!lua flags=allow-oom
-- leave: the node is no member any more. The jobs that it holds are taken over.

call('ZREM', prefix .. 'nodes', epoch)
bury(epoch)
return {OK}
