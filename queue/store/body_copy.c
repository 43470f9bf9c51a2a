/* body_copy: see body_copy.h. */
#include "queue/store/body_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <unistd.h>

static void note(void *arg, const struct body_name *name, uint64_t size)
{
    (void)size;
    body_names_add(arg, name);
}

int body_copy_begin(struct body_copy *copy, struct body_files *files, int to)
{
    *copy = (struct body_copy){.files = files, .to = to, .input = -1, .output = -1};
    return body_files_each(files, note, &copy->names);
}

static int open_next(struct body_copy *copy)
{
    char text[BODY_NAME_ROOM];
    body_name_write(text, &copy->names.items[copy->next]);
    copy->input = openat(copy->files->directory, text, O_RDONLY | O_CLOEXEC);
    if (copy->input < 0)
        return -1;
    copy->output = openat(copy->to, text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return copy->output < 0 ? -1 : 1;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int finish_file(struct body_copy *copy)
{
    int rc = fsync(copy->output), error = errno;
    close_one(&copy->input);
    close_one(&copy->output);
    copy->next++;
    errno = error;
    return rc < 0 ? -1 : 1;
}

int body_copy_step(struct body_copy *copy, size_t bytes)
{
    if (copy->input < 0)
        return copy->next < copy->names.count ? open_next(copy) : 0;
    ssize_t n = sendfile(copy->output, copy->input, NULL, bytes);
    if (n < 0)
        return -1;
    return n ? 1 : finish_file(copy);
}

void body_copy_end(struct body_copy *copy)
{
    if (!copy->files)
        return;
    close_one(&copy->input);
    close_one(&copy->output);
    free(copy->names.items);
    *copy = (struct body_copy){0};
}
