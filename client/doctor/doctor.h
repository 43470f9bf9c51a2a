/*
 * doctor: the checks of `taskmaster doctor`. Each function looks at facts and adds findings.
 *
 *     cmd_doctor -> doctor_ask -> pools, modules, clients, process, queue
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

#endif
