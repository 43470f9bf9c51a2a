/* message: see message.h. */
#include "message.h"

#include <stdlib.h>
#include <string.h>

void tmc_message_clear(struct tmc_message *message)
{
    free(message->line);
    json_decref(message->header);
    free(message->payload);
    memset(message, 0, sizeof *message);
}
