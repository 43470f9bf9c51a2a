/*
 * body_files: payloads and results over 64 KiB, each a file in a directory beside the database.
 *
 * A file is written and synced under a name of its own, renamed, and never changed. Only then its
 * row is written. A file is removed after its row is gone for sure. So a row always has its file,
 * and a crash leaves files without a row at most.
 */
#ifndef TASKMASTER_QUEUE_STORE_BODY_FILES_H
#define TASKMASTER_QUEUE_STORE_BODY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct payload;

/* Whose body a file is. A result has the number of its attempt, as a job that is run again may have
 * a new result before the old one's file is removed. */
struct body_name {
    uint64_t seq;
    bool is_result;
    uint32_t attempt; /* of a result */
};

enum { BODY_NAME_ROOM = 64 };

void body_name_write(char text[BODY_NAME_ROOM], const struct body_name *name);

struct body_names {
    struct body_name *items;
    size_t count, room;
};

void body_names_add(struct body_names *names, const struct body_name *name);

struct body_files {
    int directory;                   /* descriptor; -1: not open */
    bool with_sync;                  /* files reach the disk before their rows */
    bool is_dirty;                   /* names have changed since the last body_files_settle() */
    uint64_t bytes;                  /* of all files; counted by its owner at the start */
    struct body_names doomed, fresh; /* they go with the commit; with the undoing of it */
    struct body_names held;          /* they go at the release */
    bool is_held;
};

/* Opens the directory of the path, and makes it if there is none. 0, or -1 with errno. */
int body_files_open(struct body_files *files, const char *path, bool with_sync);
/* Likewise, but makes nothing. */
int body_files_open_old(struct body_files *files, const char *path);
void body_files_close(struct body_files *files);

/* These return 0, or -1 with errno. */
int body_files_write(struct body_files *files, const struct body_name *name,
                     const struct payload *payload);

/* Reads `size` bytes, from malloc(). NULL with errno; EUCLEAN if it has another size. */
char *body_files_read(const struct body_files *files, const struct body_name *name, size_t size);

/* Before the commit: the names are on disk. */
int body_files_settle(struct body_files *files);

/* The file goes with the next commit. */
void body_files_doom(struct body_files *files, const struct body_name *name);

/* The transaction is committed: doomed files go. It was undone: those written in it go. */
void body_files_committed(struct body_files *files);
void body_files_undone(struct body_files *files);

/* No file goes before the release, but those of undone transactions. */
void body_files_hold(struct body_files *files);
void body_files_release(struct body_files *files);

/* Calls `look` for each file of a body, with its size. 0, or -1 with errno. */
int body_files_each(struct body_files *files,
                    void (*look)(void *arg, const struct body_name *name, uint64_t size),
                    void *arg);

#endif
