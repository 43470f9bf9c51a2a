/* node_name: see node_name.h. */
#include "queue/redis/node_name.h"

#include <stdio.h>
#include <unistd.h>

enum { HOST_MAX = NODE_NAME_MAX - 12 }; /* the rest is for the process id */

void node_name_make(char name[NODE_NAME_MAX + 1], const struct redis_settings *settings)
{
    char host[HOST_MAX + 1] = "";
    if (settings->node_name) {
        snprintf(name, NODE_NAME_MAX + 1, "%s", settings->node_name);
        return;
    }
    if (gethostname(host, sizeof host - 1) < 0 && !*host)
        snprintf(host, sizeof host, "node");
    snprintf(name, NODE_NAME_MAX + 1, "%s-%d", host, (int)getpid());
}
