/* torture_second: the module torture under another name. */
#define TORTURE_NAME "torture_second"

#include "torture.c"
