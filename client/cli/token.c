/* token: see token.h. Reads the file to its end, not to its size: a shell's <(...) has none. */
#include "token.h"

#include "common/read_all.h"
#include "complain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *first_token(const char *path, char *text, size_t len)
{
    struct token_text reader = token_text_begin(text, len);
    const char *token = token_text_next(&reader);

    if (reader.why[0] && reader.line)
        complain("%s:%u: %s", path, reader.line, reader.why);
    else if (reader.why[0])
        complain("%s: %s", path, reader.why);
    else if (!token)
        complain("%s: expected a token on a line of its own, found none", path);
    return token;
}

const char *token_read(const char *path, char text[TOKEN_FILE_MAX + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read_all(fd, text, TOKEN_FILE_MAX + 1);

    if (len < 0)
        complain("cannot read the token from %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (len < 0)
        return NULL;
    if (len > TOKEN_FILE_MAX) {
        complain("%s: more than %d bytes are too many for a token file", path, TOKEN_FILE_MAX);
        return NULL;
    }
    text[len] = '\0';
    return first_token(path, text, (size_t)len);
}
