/* object_file: a program or a shared object with its debug information, by elfutils' libdwfl.
 * Separate debug files are found as gdb finds them on this machine, and never over the network. */
#ifndef TASKMASTER_CLIENT_CLI_OBJECT_FILE_H
#define TASKMASTER_CLIENT_CLI_OBJECT_FILE_H

#include <elfutils/libdwfl.h>

struct object_file {
    Dwfl *dwfl;          /* NULL: not usable */
    Dwfl_Module *module; /* of `dwfl` */
    char fault[256];     /* the reason, "is missing: ..."; "": usable */
};

/*
 * Opens the file. `path` comes from a server and is not trusted: nothing but a regular ELF file is
 * read, at an absolute path. With a `build_id` (hexadecimal; NULL: unknown) a file with another one
 * is not usable. To be closed, also after a fault.
 */
void object_file_open(struct object_file *file, const char *path, const char *build_id);
void object_file_close(struct object_file *file);

#endif
