/* program_paths: where the worker and the modules are, if no setting says so. */
#ifndef TASKMASTER_STARTUP_PROGRAM_PATHS_H
#define TASKMASTER_STARTUP_PROGRAM_PATHS_H

/* Fills in unset paths from the place of the running program, and makes both absolute. `program` is
 * argv[0]. */
void program_paths_complete(const char *program, char **worker_path, char **module_dir);

#endif
