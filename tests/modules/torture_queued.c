/* torture_queued: the module torture under another name, for the jobs of taskqueued. */
#define TORTURE_NAME "torture_queued"

#include "torture.c"
