/* torture_third: the module torture under another name. */
#define TORTURE_NAME "torture_third"

#include "torture.c"
