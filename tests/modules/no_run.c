/* no_run: a module without run(). */
#include <taskmaster/module.h>

TM_MODULE(.name = "no_run");
