/* module_about: see module_about.h. */
#include "jobs/module_about.h"

#include "common/utf8.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

void module_about_free(struct module_about *about)
{
    free(about->version);
    free(about->describe);
}

/* Returns a copy, or NULL. */
static char *copy_text(const char *text)
{
    size_t len = strlen(text), length;
    for (size_t at = 0; at < len; at += length)
        if (!(length = utf8_length(text + at, len - at)))
            return NULL;
    return len ? xstrdup(text) : NULL;
}

void module_about_note(struct module_about *about, uint64_t loaded_us, const char *version,
                       const char *describe)
{
    if (loaded_us <= about->loaded_us)
        return;
    module_about_free(about);
    *about = (struct module_about){
        .loaded_us = loaded_us, .version = copy_text(version), .describe = copy_text(describe)};
}
