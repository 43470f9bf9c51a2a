/* tcp: the options of our TCP sockets. */
#ifndef TASKMASTER_NET_TCP_H
#define TASKMASTER_NET_TCP_H

/* No delay, and an end within TRANSPORT_PATIENCE_MS or two minutes if the peer's machine is gone.
 * Sockets accepted from `fd` have all of this too. 0, or -1 with errno. */
int tcp_set_options(int fd);

#endif
