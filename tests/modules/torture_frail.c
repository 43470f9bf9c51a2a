/* torture_frail: the module torture under another name. */
#define TORTURE_NAME "torture_frail"

#include "torture.c"
