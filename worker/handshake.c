/* handshake: see handshake.h. */
#include "handshake.h"

#include "common/xmalloc.h"
#include "report.h"

#include <taskmaster/version.h>

#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MAX = 64 * 1024 * 1024 }; /* bytes; far beyond any configuration */

static int receive_welcome(struct master_link *link, struct wire_head *head)
{
    enum link_status status = master_link_receive(link, head, SETTINGS_MAX);

    if (status == LINK_END)
        report(TM_ERROR, "the master closed the connection instead of welcoming this worker");
    if (status != LINK_OK)
        return -1;
    if (head->type != WIRE_WELCOME) {
        report(TM_ERROR, "the master sent message type %u instead of a welcome",
               (unsigned)head->type);
        return -1;
    }
    if (strcmp(head->name, TASKMASTER_VERSION) != 0) {
        report(TM_ERROR,
               "the master is release %s and this worker %s: install both from one release and "
               "restart the master",
               head->name, TASKMASTER_VERSION);
        return -1;
    }
    return 0;
}

int handshake_welcome(struct master_link *link, struct settings *settings)
{
    struct wire_head head;

    if (receive_welcome(link, &head) < 0)
        return -1;
    char *text = xmalloc(head.size + 1);
    int result = -1;
    if (master_link_read(link, text, head.size) == LINK_OK)
        result = settings_parse(settings, text, head.size);
    free(text);
    return result;
}

int handshake_ready(struct master_link *link)
{
    struct wire_head head = {.type = WIRE_READY};

    return master_link_send(link, &head, NULL, NULL) == LINK_OK ? 0 : -1;
}
