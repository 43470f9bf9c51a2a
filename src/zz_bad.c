int f(void) { char *p = 0; return *p; }
