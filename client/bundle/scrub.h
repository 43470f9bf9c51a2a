/*
 * scrub: takes secrets out of texts for somebody else's eyes.
 *
 * Three nets, one behind the other: known secrets, wherever they stand; values behind a name that
 * looks like a secret's; and forms that carry one (Bearer TOKEN, scheme://user:password@host).
 */
#ifndef TASKMASTER_CLIENT_BUNDLE_SCRUB_H
#define TASKMASTER_CLIENT_BUNDLE_SCRUB_H

#include <jansson.h>
#include <stddef.h>

struct scrub {
    char **secrets; /* owned, each of at least SCRUB_SECRET_MIN bytes */
    size_t count;
};

enum { SCRUB_SECRET_MIN = 4 };

void scrub_open(struct scrub *scrub);
void scrub_close(struct scrub *scrub);

/* Adds a known secret; a shorter one is no secret. */
void scrub_add(struct scrub *scrub, const char *secret);

/* Adds the tokens in a file: each line of a token-file, the second word of a line of an
 * access-file. NULL, or a file that we may not read: none. */
void scrub_add_token_file(struct scrub *scrub, const char *path);
void scrub_add_access_file(struct scrub *scrub, const char *path);

/* Puts "***" in the place of secrets in a text; it does not grow. Returns its length. */
size_t scrub_text(const struct scrub *scrub, char *text, size_t len);

/* The same for the text of a JSON value: names and values were looked at by scrub_value(). */
size_t scrub_json(const struct scrub *scrub, char *text, size_t len);

/* Puts "***" in the place of values whose name looks like a secret's, of secrets in texts, and of
 * all texts in settings of modules; drops contexts. Names of files stay. */
void scrub_value(const struct scrub *scrub, json_t *value);

#endif
