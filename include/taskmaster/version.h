/* version: the release of master, worker, client library and command. */
#ifndef TASKMASTER_VERSION_H
#define TASKMASTER_VERSION_H

#define TASKMASTER_VERSION "0.2.0"

#endif
