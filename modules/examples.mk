# Installed as the examples' Makefile: builds each NAME.c here as a module, with the installed header alone. `make`, then
# `sudo make install`, and the daemon finds them.
moduledir := $(shell pkg-config --variable=moduledir libtaskmaster)
CFLAGS    ?= -O2 -g -Wall -Wextra
modules   := $(patsubst %.c,%.so,$(wildcard *.c))

all: $(modules)

# A module's own libraries.
math.so: LDLIBS := -ljansson -lm
exec.so kv.so readfile.so sleep.so: LDLIBS := -ljansson
exec.so: $(wildcard exec/*)

%.so: %.c
	$(CC) -std=c11 -D_GNU_SOURCE $(CPPFLAGS) $(CFLAGS) $(shell pkg-config --cflags libtaskmaster) -fPIC -fvisibility=hidden \
	    -shared $(LDFLAGS) -o $@ $(filter %.c,$^) $(LDLIBS)

# install renames the new file into place, as a running worker may have the old one mapped.
install: $(modules)
	install -m 644 $(modules) $(DESTDIR)$(moduledir)

clean:
	rm -f $(modules)

.PHONY: all install clean
