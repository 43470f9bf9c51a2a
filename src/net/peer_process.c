/* peer_process: see peer_process.h. */
#include "net/peer_process.h"

#include <sys/socket.h>

/* On other sockets the kernel says user -1. */
bool peer_process_get(int fd, struct peer_process *process)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid == (uid_t)-1)
        return false;
    *process = (struct peer_process){peer.uid, peer.gid, (uint32_t)peer.pid};
    return true;
}
