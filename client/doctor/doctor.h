/*
 * doctor: the checks of `taskmaster doctor`. Each function looks at facts and adds findings.
 *
 *     cmd_doctor -> doctor_ask -> pools, modules, clients, process, queue -> shared_store
 *     cmd_doctor -> doctor_here -> limits, machine, places -> client/local/
 *     all -> findings;  exam
 *
 * CONTRIBUTING.md says how to add a check.
 */
#ifndef TASKMASTER_CLIENT_DOCTOR_DOCTOR_H
#define TASKMASTER_CLIENT_DOCTOR_DOCTOR_H

#include "client/doctor/exam.h"
#include "client/doctor/findings.h"

/* pools.c: lines and workers. */
void doctor_pools(const struct exam *exam, struct findings *findings);

/* modules.c: breakers, crashes, failures, files. */
void doctor_modules(const struct exam *exam, struct findings *findings);

/* clients.c: clients that do not read, and room for clients, payloads and output. */
void doctor_clients(const struct exam *exam, struct findings *findings);

/* process.c: the daemon itself: its loop, its release, its drain. */
void doctor_process(const struct exam *exam, struct findings *findings);

/* queue.c: taskqueued: its store, its master, its modules. */
void doctor_queue(const struct exam *exam, struct findings *findings);

/* shared_store.c: the Redis of a taskqueued that is one node of many. */
void doctor_shared_store(const struct exam *exam, struct findings *findings);

/* ---- this machine ---- */

/* What a daemon's settings want of the system. */
struct doctor_needs {
    const char *name; /* "taskmasterd" */
    int64_t clients, workers;
};

/* limits.c: the limits of a process and of its control group. `root` is "" but for tests. */
void doctor_limits(const char *root, long pid, const struct doctor_needs *needs,
                   struct findings *findings);

/* machine.c: settings of the kernel, and memory. */
void doctor_machine(const char *root, struct findings *findings);

/* places.c: the files in a daemon's settings, and its configuration file (NULL: none). */
void doctor_places(const json_t *settings, const char *file, struct findings *findings);

/* The same for one file with a secret; NULL: none. */
void doctor_secret(const char *what, const char *path, struct findings *findings);

#endif
