/* worker: an echo worker for systems without their own: one job at a time, until the connection
 * ends. Usage: bench-worker PROTOCOL PORT */
#include "protocol.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    struct stream stream;
    if (argc != 3)
        die("usage: bench-worker PROTOCOL PORT");
    const struct protocol *protocol = protocol_find(argv[1]);
    if (!protocol->work)
        die("%s has workers of its own", protocol->name);
    stream_connect(&stream, (uint16_t)atoi(argv[2]));
    protocol->offer(&stream);
    while (streams_turn(&stream, 1, -1))
        protocol->work(&stream);
    return 0;
}
