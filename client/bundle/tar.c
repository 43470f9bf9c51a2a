/* tar: see tar.h. */
#include "client/bundle/tar.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 512 };

/* The header of a file, as POSIX has it. Numbers are octal. */
struct header {
    char name[100];
    char mode[8], uid[8], gid[8];
    char size[12], mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6], version[2];
    char user[32], group[32];
    char device[16];
    char prefix[155];
    char padding[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static void write_all(struct tar *tar, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0 && !tar->failed) {
        ssize_t count = write(tar->fd, at, len);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            tar->failed = true;
            tar->error = errno;
            return;
        }
        at += count;
        len -= (size_t)count;
    }
}

/* The sum of all bytes, with blanks in the place of the sum. */
static void seal(struct header *header)
{
    unsigned sum = 0;
    const unsigned char *bytes = (const unsigned char *)header;
    memset(header->checksum, ' ', sizeof header->checksum);
    for (size_t i = 0; i < BLOCK; i++)
        sum += bytes[i];
    snprintf(header->checksum, sizeof header->checksum, "%06o", sum);
}

void tar_open(struct tar *tar, int fd, const char *folder)
{
    *tar = (struct tar){.fd = fd, .folder = folder, .now = time(NULL)};
}

void tar_add(struct tar *tar, const char *name, const void *data, size_t len)
{
    static const char zeros[BLOCK];
    struct header header = {.mode = "0000600",
                            .uid = "0000000",
                            .gid = "0000000",
                            .type = '0',
                            .magic = "ustar",
                            .version = {'0', '0'}};
    snprintf(header.name, sizeof header.name, "%s/%s", tar->folder, name);
    snprintf(header.size, sizeof header.size, "%011llo", (unsigned long long)len & 077777777777);
    snprintf(header.mtime, sizeof header.mtime, "%011llo",
             (unsigned long long)tar->now & 077777777777);
    seal(&header);
    write_all(tar, &header, sizeof header);
    write_all(tar, data, len);
    write_all(tar, zeros, (BLOCK - len % BLOCK) % BLOCK);
}

/* Two empty blocks end an archive. */
int tar_close(struct tar *tar)
{
    static const char zeros[2 * BLOCK];
    write_all(tar, zeros, sizeof zeros);
    errno = tar->error;
    return tar->failed ? -1 : 0;
}
