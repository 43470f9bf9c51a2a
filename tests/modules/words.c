/* words: sends each word of its payload as a part, and replies with their number. */
#include <taskmaster/module.h>

#include <stdio.h>
#include <string.h>

static int run(tm_job *job)
{
    size_t len;
    const char *at = tm_job_data(job, &len), *end = at + len;
    char count[16];
    int words = 0;

    while (at < end) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        const char *word_end = space != NULL ? space : end;
        if (tm_part(job, at, (size_t)(word_end - at)) < 0)
            return tm_fail(job, "stopped", "nobody wants the rest");
        words++;
        at = word_end + 1;
    }
    snprintf(count, sizeof(count), "%d", words);
    return tm_reply(job, count, strlen(count));
}

TM_MODULE(.name = "words", .version = "1.0", .run = run);
