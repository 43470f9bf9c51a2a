/* json_comments: comments in a JSON text, which has none by itself. */
#ifndef TASKMASTER_CONFIG_JSON_COMMENTS_H
#define TASKMASTER_CONFIG_JSON_COMMENTS_H

#include <stddef.h>

/* Replaces each comment, from // or # to the end of its line, by blanks: lines and columns of
 * faults stay. The text need be no JSON. */
void json_comments_blank(char *text, size_t len);

#endif
