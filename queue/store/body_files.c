/* body_files: see body_files.h. */
#include "queue/store/body_files.h"

#include "base/payload.h"
#include "common/xmalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char new_file[] = "new"; /* one is written at a time */

void body_name_write(char text[BODY_NAME_ROOM], const struct body_name *name)
{
    if (name->is_result)
        snprintf(text, BODY_NAME_ROOM, "%" PRIu64 ".%" PRIu32 ".result", name->seq, name->attempt);
    else
        snprintf(text, BODY_NAME_ROOM, "%" PRIu64 ".input", name->seq);
}

/* --- life --- */

int body_files_open_old(struct body_files *files, const char *path)
{
    *files = (struct body_files){.directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return files->directory < 0 ? -1 : 0;
}

int body_files_open(struct body_files *files, const char *path, bool with_sync)
{
    *files = (struct body_files){.directory = -1};
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return -1;
    int rc = body_files_open_old(files, path);
    files->with_sync = with_sync;
    return rc;
}

void body_files_close(struct body_files *files)
{
    if (files->directory >= 0)
        close(files->directory);
    free(files->doomed.items);
    free(files->fresh.items);
    free(files->held.items);
    *files = (struct body_files){.directory = -1};
}

/* --- writing --- */

void body_names_add(struct body_names *names, const struct body_name *name)
{
    if (names->count == names->room) {
        names->room = names->room ? 2 * names->room : 16;
        names->items = xrealloc(names->items, names->room * sizeof *names->items);
    }
    names->items[names->count++] = *name;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static int write_payload(int fd, const struct payload *payload)
{
    for (const struct payload_part *part = payload->first; part; part = part->next)
        if (write_all(fd, part->data, part->len) < 0)
            return -1;
    return 0;
}

static int write_new(const struct body_files *files, const struct payload *payload)
{
    int fd = openat(files->directory, new_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int rc = write_payload(fd, payload);
    if (rc == 0 && files->with_sync)
        rc = fdatasync(fd);
    int error = errno;
    if (close(fd) < 0 && rc == 0)
        return -1;
    errno = error;
    return rc;
}

int body_files_write(struct body_files *files, const struct body_name *name,
                     const struct payload *payload)
{
    char text[BODY_NAME_ROOM];
    body_name_write(text, name);
    if (write_new(files, payload) < 0 ||
        renameat(files->directory, new_file, files->directory, text) < 0) {
        int error = errno;
        unlinkat(files->directory, new_file, 0);
        errno = error;
        return -1;
    }
    files->is_dirty = true;
    files->bytes += payload->size;
    body_names_add(&files->fresh, name);
    return 0;
}

int body_files_settle(struct body_files *files)
{
    if (!files->is_dirty)
        return 0;
    if (files->with_sync && fsync(files->directory) < 0)
        return -1;
    files->is_dirty = false;
    return 0;
}

/* --- reading --- */

/* No memory is taken on the word of a row. */
static bool has_size(int fd, size_t size)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return false;
    errno = EUCLEAN;
    return (size_t)st.st_size == size;
}

static int read_all(int fd, char *data, size_t len)
{
    while (len) {
        ssize_t n = read(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n ? errno : EUCLEAN;
            return -1;
        }
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

char *body_files_read(const struct body_files *files, const struct body_name *name, size_t size)
{
    char text[BODY_NAME_ROOM];
    body_name_write(text, name);
    int fd = openat(files->directory, text, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *data = has_size(fd, size) ? xmalloc(size) : NULL;
    if (data && read_all(fd, data, size) < 0) {
        free(data);
        data = NULL;
    }
    int error = errno;
    close(fd);
    errno = error;
    return data;
}

/* --- removing --- */

void body_files_doom(struct body_files *files, const struct body_name *name)
{
    body_names_add(&files->doomed, name);
}

/* A file that cannot be removed is removed at the next start, as one without a row. */
static void remove_file(struct body_files *files, const struct body_name *name)
{
    char text[BODY_NAME_ROOM];
    struct stat st;
    body_name_write(text, name);
    if (fstatat(files->directory, text, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        unlinkat(files->directory, text, 0) == 0)
        files->bytes -= (uint64_t)st.st_size;
}

static void remove_all(struct body_files *files, struct body_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        remove_file(files, &names->items[i]);
    names->count = 0;
}

static void move_all(struct body_names *to, struct body_names *from)
{
    for (size_t i = 0; i < from->count; i++)
        body_names_add(to, &from->items[i]);
    from->count = 0;
}

void body_files_committed(struct body_files *files)
{
    if (files->is_held)
        move_all(&files->held, &files->doomed);
    remove_all(files, &files->doomed);
    files->fresh.count = 0;
}

void body_files_undone(struct body_files *files)
{
    remove_all(files, &files->fresh);
    files->doomed.count = 0;
}

void body_files_hold(struct body_files *files)
{
    files->is_held = true;
}

void body_files_release(struct body_files *files)
{
    files->is_held = false;
    remove_all(files, &files->held);
}

/* --- all files --- */

/* Only a name that body_name_write() would write is one of ours. */
static bool read_name(const char *text, struct body_name *name)
{
    char again[BODY_NAME_ROOM], *end;
    *name = (struct body_name){.seq = strtoull(text, &end, 10)};
    name->attempt = *end == '.' ? (uint32_t)strtoul(end + 1, &end, 10) : 0;
    name->is_result = strcmp(end, ".result") == 0;
    body_name_write(again, name);
    return strcmp(text, again) == 0;
}

int body_files_each(struct body_files *files,
                    void (*look)(void *arg, const struct body_name *name, uint64_t size), void *arg)
{
    int fd = openat(files->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    struct body_name name;
    struct stat st;
    if (!list)
        return -1;
    /* cppcheck-suppress readdirCalled ; nobody else reads this stream */
    while ((entry = readdir(list)))
        if (read_name(entry->d_name, &name) &&
            fstatat(files->directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            look(arg, &name, (uint64_t)st.st_size);
    return closedir(list);
}
