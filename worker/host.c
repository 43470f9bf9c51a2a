/* host: see host.h. */
#include "host.h"

#include "report.h"
#include "text.h"

#include <stdio.h>

void host_init(struct host *h, const struct tm_functions *functions, uint32_t pool_max)
{
    *h = (struct host){.tm.functions = functions, .pool_max = pool_max};
}

uint32_t host_pool_max(const tm_host *tm)
{
    return ((const struct host *)tm)->pool_max;
}

void host_log(const tm_host *tm, tm_level level, const char *fmt, va_list args)
{
    (void)tm;
    report_v(level, fmt, args);
}

int host_fail(const tm_host *tm, const char *fmt, va_list args)
{
    struct host *h = (struct host *)tm; /* const for the module only */
    char text[MESSAGE_MAX + 4];         /* 4 more: the character at the cut arrives whole */

    if (vsnprintf(text, sizeof(text), fmt, args) < 0)
        text[0] = '\0';
    text_clean(h->why, sizeof(h->why), text);
    return -1;
}
