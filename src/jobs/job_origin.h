/*
 * job_origin: whose job it is, and what a relay says of the place that the job comes from.
 *
 * The jobs of a connection with a named token share one. A relay may give a job one of its own.
 * Most servers have no names, and their jobs have none.
 */
#ifndef TASKMASTER_JOBS_JOB_ORIGIN_H
#define TASKMASTER_JOBS_JOB_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

struct job_origin {
    unsigned refs;
    uint32_t attempt;   /* 0: not given */
    bool relayed;       /* a relay has named the owner */
    const char *owner;  /* NULL: the job's connection alone */
    const char *id;     /* the id under which somebody else keeps the job; NULL: none */
    const char *client; /* the name in the submitter's hello, if a service is to be told; or NULL */
    char text[];        /* the texts */
};

/* Copies the texts; each may be NULL. The caller has the first reference. */
struct job_origin *job_origin_new(const char *owner, const char *id, const char *client);

/* NULL is fine for both. */
struct job_origin *job_origin_ref(struct job_origin *origin);
void job_origin_unref(struct job_origin *origin);

#endif
