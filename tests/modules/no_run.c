/* no_run: a module that does nothing. */
#include <taskmaster/module.h>

TM_MODULE(.name = "no_run");
