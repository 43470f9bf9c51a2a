/* bundle: see bundle.h. */
#include "bundle.h"

#include "allocate.h"

#include <stdlib.h>
#include <string.h>

void bundle_add_text(struct bundle *bundle, const char *name, char *text)
{
    if (!text)
        return;
    tar_add(&bundle->tar, name, text, scrub_text(&bundle->scrub, text, strlen(text)));
    free(text);
}

void bundle_add_json(struct bundle *bundle, const char *name, json_t *value)
{
    if (!value)
        return;
    scrub_value(&bundle->scrub, value);
    char *text = json_dumps(value, JSON_INDENT(1) | JSON_ENCODE_ANY);
    if (!text)
        allocate_failed();
    tar_add(&bundle->tar, name, text, scrub_json(&bundle->scrub, text, strlen(text)));
    free(text);
    json_decref(value);
}
