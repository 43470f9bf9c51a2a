/* state: replies with the state of its process, as far as a module can change it. */
#include <taskmaster/module.h>

#include "show.h"

static int run(tm_job *job)
{
    char *text = show();
    int result = tm_reply(job, text, strlen(text));

    printf("state was shown\n");
    free(text);
    return result;
}

TM_MODULE(.name = "state", .version = "1.0", .run = run);
