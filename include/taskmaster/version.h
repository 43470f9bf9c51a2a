/* version: the release that master, worker, client library and command were built as. */
#ifndef TASKMASTER_VERSION_H
#define TASKMASTER_VERSION_H

#define TASKMASTER_VERSION "0.1.0"

#endif
