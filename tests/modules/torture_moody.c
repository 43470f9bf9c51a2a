/* torture_moody: the module of tests/torture/ under another name; in about every third worker its
 * init() refuses. */
#define TORTURE_NAME   "torture_moody"
#define REFUSE_PERCENT 33

#include "torture.c"
