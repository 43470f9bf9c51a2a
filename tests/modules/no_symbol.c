/* no_symbol: a shared object, but no module. */
#include <taskmaster/module.h>

TM_EXPORT int not_a_module(void);

int not_a_module(void)
{
    return 0;
}
