/* object_file: see object_file.h. */
#include "object_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUILD_ID_MAX = 64 }; /* bytes; linkers write 8 to 20 */

__attribute__((format(printf, 2, 3))) static int set_fault(struct object_file *file,
                                                           const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(file->fault, sizeof file->fault, fmt, args);
    va_end(args);
    return -1;
}

/* Opening a pipe would wait, and opening a device can do anything. */
static int open_regular(struct object_file *file, const char *path)
{
    struct stat status;
    if (*path != '/')
        return set_fault(file, "has no absolute path");
    if (stat(path, &status) < 0)
        return errno == ENOENT ? set_fault(file, "is missing here")
                               : set_fault(file, "cannot be read: %s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return set_fault(file, "is no regular file");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return set_fault(file, "cannot be read: %s", strerror(errno));
    return fd;
}

/* libdwfl would take an archive, a compressed file or a core file as well. The type is at the same
 * place in files of 32 and 64 bits. */
static int check_type(struct object_file *file, int fd)
{
    Elf64_Ehdr header = {0};
    ssize_t size = pread(fd, &header, sizeof header, 0);
    if (size < (ssize_t)sizeof(Elf32_Ehdr) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return set_fault(file, "is no ELF file");
    if (header.e_type != ET_DYN && header.e_type != ET_EXEC)
        return set_fault(file, "is no program and no shared object");
    return 0;
}

/* Takes the descriptor. */
static int report(struct object_file *file, const char *path, int fd)
{
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_build_id_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
        .section_address = dwfl_offline_section_address,
    };
    unsetenv("DEBUGINFOD_URLS"); /* libdwfl would ask these servers */
    file->dwfl = dwfl_begin(&callbacks);
    if (file->dwfl)
        file->module = dwfl_report_offline(file->dwfl, "", path, fd);
    if (!file->module) {
        close(fd);
        return set_fault(file, "cannot be read: %s", dwfl_errmsg(-1));
    }
    dwfl_report_end(file->dwfl, NULL, NULL);
    return 0;
}

static void write_hex(char *text, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sprintf(text + 2 * i, "%02x", bytes[i]);
}

static int check_build_id(struct object_file *file, const char *expected)
{
    const unsigned char *bytes;
    GElf_Addr address;
    char found[2 * BUILD_ID_MAX + 1] = "";
    int count = dwfl_module_build_id(file->module, &bytes, &address);
    if (count > 0)
        write_hex(found, bytes, count < BUILD_ID_MAX ? (size_t)count : BUILD_ID_MAX);
    if (strcasecmp(found, expected) == 0)
        return 0;
    return set_fault(file, "has another build id: %.40s here, %.40s in the crash",
                     *found ? found : "none", expected);
}

void object_file_open(struct object_file *file, const char *path, const char *build_id)
{
    memset(file, 0, sizeof *file);
    int fd = open_regular(file, path);
    if (fd >= 0 && check_type(file, fd) < 0) {
        close(fd);
    } else if (fd >= 0 && report(file, path, fd) == 0 && build_id) {
        check_build_id(file, build_id);
    }
    if (*file->fault)
        object_file_close(file);
}

void object_file_close(struct object_file *file)
{
    if (file->dwfl)
        dwfl_end(file->dwfl);
    file->dwfl = NULL;
    file->module = NULL;
}
