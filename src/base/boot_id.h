/* boot_id: names one run of a daemon. */
#ifndef TASKMASTER_BASE_BOOT_ID_H
#define TASKMASTER_BASE_BOOT_ID_H

enum { BOOT_ID_MAX = 16 };

/* Writes a text unique across restarts: the time in milliseconds, and two characters drawn for
 * clocks that were set back. */
void boot_id_make(char boot[BOOT_ID_MAX]);

#endif
