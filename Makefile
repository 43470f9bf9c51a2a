# taskmasterd. `make`, `make SAN=1` (build/asan), `make CC=clang BUILD=build/clang`; see CONTRIBUTING.md.
#
# CC, AR, CPPFLAGS, CFLAGS and LDFLAGS come from the command line or the environment. They stand behind our own flags, and
# so win. `make WERROR=1` makes warnings errors, as scripts/check does. Without it a newer compiler's warnings stop no build.

ifeq ($(origin CC),default)
CC       := gcc
endif
PREFIX   ?= /usr/local
DESTDIR  ?=
SAN      ?= 0
COVERAGE ?= 0
BUILD    ?= $(if $(filter 1,$(SAN)),build/asan,$(if $(filter 1,$(COVERAGE)),build/cov,build))
VERSION  := $(shell sed -n 's/^.define TASKMASTER_VERSION "\(.*\)"/\1/p' include/taskmaster/version.h)

WERROR   ?= 0
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wvla $(if $(filter 1,$(WERROR)),-Werror)
ifeq ($(SAN),1)
OPT      := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDOPT    := -fsanitize=address,undefined
else ifeq ($(COVERAGE),1)
OPT      := -Og -g --coverage -fprofile-update=atomic -fno-inline
LDOPT    := --coverage
else
# _FORTIFY_SOURCE needs optimization, and must not be defined twice.
FORTIFY  := $(if $(filter -O0,$(CFLAGS))$(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
OPT      := -O2 -g $(FORTIFY) -fstack-protector-strong -fstack-clash-protection
LDOPT    := -Wl,-z,relro,-z,now
endif
WRAP     := # calls replaced by a test
COMPILE   = $(CC) -D_GNU_SOURCE -Iinclude -Isrc -I. -MMD -MP -std=c11 $(WARN) $(OPT) -fPIC $(CPPFLAGS) $(CFLAGS)
LINK      = $(CC) $(OPT) -fPIC $(CFLAGS) $(LDOPT) $(WRAP) $(LDFLAGS)
COMPILE_SHARED = $(COMPILE) -shared $(LDOPT) $(LDFLAGS)
MASTER_LIBS := -levent_core -ljansson
# taskqueued: the engines are SQLite, and Redis by the reader of hiredis; keys are compared by SHA-256.
QUEUE_LIBS  := $(MASTER_LIBS) -lsqlite3 -lhiredis -lmd -lpthread
# The loader looks for a module's symbols in these libraries first, then in the module's own: the C library alone. The
# unwinder for crashes is linked in.
WORKER_LIBS := -ldl -static-libgcc
CLIENT_LIBS := -ljansson
# The command alone: names and lines of a crash.
COMMAND_LIBS := $(CLIENT_LIBS) -ldw

# Each program is made of folders. A program's main.c stays out of its archive: tests link the rest.
# The shared folders know nothing of jobs and workers: other daemons are made of them too.
SHARED   := common base net config access protocol peers peers/ops upstream daemon
MASTER   := clients clients/ops jobs workers stats startup
QUEUE    := queue queue/store queue/redis queue/kept queue/master queue/clients queue/clients/ops
GATEWAY  := gateway gateway/http gateway/upstream gateway/access gateway/metrics gateway/history gateway/page gateway/api
objects   = $(patsubst %.c,$(O)/%.o,$(filter-out %/main.c,$(wildcard $(1:%=%/*.c))))
MODULES  := $(patsubst modules/%.c,%,$(wildcard modules/*.c))
TESTS    := $(patsubst %.c,%,$(wildcard tests/unit/*/test_*.c tests/unit/*/*/test_*.c))

comma    := ,
O        := $(BUILD)/obj
modules  := $(MODULES:%=$(BUILD)/modules/%.so)
tests    := $(TESTS:%=$(BUILD)/%)
programs := $(BUILD)/taskmasterd $(BUILD)/taskmaster-worker $(BUILD)/taskmaster $(BUILD)/taskqueued $(patsubst gateway/main.c,$(BUILD)/taskmaster-http,$(wildcard gateway/main.c))

.PHONY: all unit integration check format install uninstall clean
all: $(programs) $(BUILD)/libtaskmaster.a $(BUILD)/libtaskmaster.so.0 $(modules)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(O)/libcommon.a: $(call objects,src/common)
$(O)/libshared.a: $(call objects,$(SHARED:%=src/%))
$(O)/libmaster.a: $(call objects,src $(MASTER:%=src/%))
$(O)/libqueue.a: $(call objects,$(QUEUE)) $(O)/queue/redis/scripts.o
$(O)/libgateway.a: $(call objects,$(GATEWAY)) $(O)/gateway/page/assets.o
$(O)/libworker.a: $(call objects,worker)
$(O)/libcommand.a: $(call objects,client/cli client/bundle client/doctor client/local) $(patsubst %,$(O)/src/common/%.o,read_all secrets system_object token_text)
$(BUILD)/libtaskmaster.a: $(call objects,client/lib)
# The page's files become a C source. Its charts are uPlot, from the npm registry, or from UPLOT=DIR; a build without either
# has everything else.
UPLOT ?= build/npm/uplot
page  := $(wildcard gateway/page/app/*)
uplot := $(UPLOT)/dist/uPlot.iife.min.js
# Says where uPlot is, if anywhere. It changes when that does.
$(O)/gateway/page/uplot: FORCE
	@mkdir -p $(@D)
	@[ -e $(uplot) ] || [ $(UPLOT) != build/npm/uplot ] || scripts/uplot $(UPLOT) || true
	@[ -e $(uplot) ] || echo 'The page will have no charts: $(uplot) is missing. UPLOT=DIR names a copy of uPlot.' >&2
	@ls -d $(UPLOT) $(uplot) >$@.new 2>/dev/null || true
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
.PHONY: FORCE
$(O)/gateway/page/assets.c: $(page) gateway/page/embed $(O)/gateway/page/uplot
	@mkdir -p $(@D)
	gateway/page/embed $@ $(UPLOT) $(page)
$(O)/gateway/page/assets.o: $(O)/gateway/page/assets.c
	$(COMPILE) -c -o $@ $<
# So do the scripts that change the store in Redis.
lua := queue/redis/lua/common.lua $(filter-out %/common.lua,$(wildcard queue/redis/lua/*.lua))
$(O)/queue/redis/scripts.c: $(lua) queue/redis/embed
	@mkdir -p $(@D)
	queue/redis/embed $@ $(lua)
$(O)/queue/redis/scripts.o: $(O)/queue/redis/scripts.c
	$(COMPILE) -c -o $@ $<
# q, not r: two folders may have files of one name.
%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) qcs $@ $^

$(BUILD)/taskmasterd: $(O)/src/main.o $(O)/libmaster.a $(O)/libshared.a
	$(LINK) -pie -o $@ $^ $(MASTER_LIBS)

$(BUILD)/taskqueued: $(O)/queue/main.o $(O)/libqueue.a $(O)/libshared.a
	$(LINK) -pie -o $@ $^ $(QUEUE_LIBS)

$(BUILD)/taskmaster-http: $(O)/gateway/main.o $(O)/libgateway.a $(O)/libshared.a
	$(LINK) -pie -o $@ $^ $(MASTER_LIBS)

# A module calls the worker through its table of functions, never by symbol: nothing is exported to it.
$(BUILD)/taskmaster-worker: $(O)/worker/main.o $(O)/libworker.a $(O)/libcommon.a
	$(LINK) -pie -o $@ $^ $(WORKER_LIBS)

$(BUILD)/taskmaster: $(O)/client/cli/main.o $(O)/libcommand.a $(BUILD)/libtaskmaster.a
	$(LINK) -pie -o $@ $^ $(COMMAND_LIBS)

$(BUILD)/libtaskmaster.so.0: $(call objects,client/lib) client/lib/libtaskmaster.map
	$(LINK) -shared -Wl,-soname,libtaskmaster.so.0 -Wl,--version-script=client/lib/libtaskmaster.map \
	    -o $@ $(filter %.o,$^) $(CLIENT_LIBS)

# Modules link no library of ours. A variable of its own lists a module's system libraries: LIBS_math := -lm
LIBS_math     := -ljansson -lm
LIBS_sleep    := -ljansson
LIBS_readfile := -ljansson
LIBS_exec     := -ljansson
LIBS_kv       := -ljansson
LIBS_leave    := -lm
LIBS_state    := -lm
ifeq ($(COVERAGE),1) # of src/; a module exports its descriptor and nothing else
$(BUILD)/modules/%.so: OPT := -O2 -g
$(BUILD)/modules/%.so: LDOPT :=
endif
# A module is one file, and for exec the files in its folder too.
$(BUILD)/modules/exec.so: $(wildcard modules/exec/*)
$(BUILD)/modules/%.so: modules/%.c include/taskmaster/module.h
	@mkdir -p $(@D) $(O)
	$(COMPILE_SHARED) -fvisibility=hidden -MF $(O)/modules_$*.d -o $@ $(filter %.c,$^) $(LIBS_$*)

# Unit tests mirror the folders of the sources. Tests of worker/, client/, queue/ and gateway/ link the objects there, all others
# the master's.
$(O)/tests/unit/worker/libfake.a: $(patsubst %,$(O)/tests/unit/worker/%.o,fake_master one_worker)
$(BUILD)/tests/unit/worker/%: $(O)/tests/unit/worker/%.o $(O)/tests/unit/worker/libfake.a $(O)/libworker.a $(O)/libcommon.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(WORKER_LIBS) -ljansson -lcheck -lsubunit -lm -lrt -lpthread
$(BUILD)/tests/unit/client/%: $(O)/tests/unit/client/%.o $(O)/libcommand.a $(BUILD)/libtaskmaster.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(COMMAND_LIBS) -lcheck -lsubunit -lm -lrt -lpthread
$(O)/tests/unit/jobs/librecorder.a: $(O)/tests/unit/jobs/recorder.o
$(BUILD)/tests/unit/jobs/%: $(O)/tests/unit/jobs/%.o $(O)/tests/unit/jobs/librecorder.a $(O)/libmaster.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(MASTER_LIBS) -lcheck -lsubunit -lm -lrt -lpthread
# The same tests for each engine.
$(O)/tests/unit/queue/store/libengine.a: $(patsubst %,$(O)/tests/unit/queue/store/%.o,engine_tests engine_world)
$(BUILD)/tests/unit/queue/store/%: $(O)/tests/unit/queue/store/%.o $(O)/tests/unit/queue/store/libengine.a $(O)/libqueue.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(QUEUE_LIBS) -lcheck -lsubunit -lm -lrt -lpthread
$(O)/tests/unit/queue/redis/libredis.a: $(patsubst %,$(O)/tests/unit/queue/%.o,store/engine_tests store/engine_world redis/nodes redis/own_redis)
$(BUILD)/tests/unit/queue/redis/%: $(O)/tests/unit/queue/redis/%.o $(O)/tests/unit/queue/redis/libredis.a $(O)/libqueue.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(QUEUE_LIBS) -lcheck -lsubunit -lm -lrt -lpthread
$(O)/tests/unit/queue/kept/libworld.a: $(patsubst %,$(O)/tests/unit/queue/kept/%.o,fake_engine fake_shared kept_world)
$(BUILD)/tests/unit/queue/kept/%: $(O)/tests/unit/queue/kept/%.o $(O)/tests/unit/queue/kept/libworld.a $(O)/libqueue.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(QUEUE_LIBS) -lcheck -lsubunit -lm -lrt -lpthread
$(BUILD)/tests/unit/queue/%: $(O)/tests/unit/queue/%.o $(O)/libqueue.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(QUEUE_LIBS) -lcheck -lsubunit -lm -lrt -lpthread
$(BUILD)/tests/unit/gateway/%: $(O)/tests/unit/gateway/%.o $(O)/libgateway.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(MASTER_LIBS) -lcheck -lsubunit -lm -lrt -lpthread
$(BUILD)/tests/unit/%: $(O)/tests/unit/%.o $(O)/libmaster.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(MASTER_LIBS) -lcheck -lsubunit -lm -lrt -lpthread
# A daemon made of the shared folders alone; its test starts it.
$(BUILD)/tests/unit/protocol/tiny_daemon: $(O)/tests/unit/protocol/tiny_daemon.o $(O)/libshared.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(MASTER_LIBS)
$(BUILD)/tests/unit/protocol/test_tiny_daemon: | $(BUILD)/tests/unit/protocol/tiny_daemon
# Calls counted, or made to fail, by tests.
$(BUILD)/tests/unit/worker/test_crash_handler: WRAP := -Wl,--wrap=_Unwind_Backtrace
$(BUILD)/tests/unit/base/test_log_file: WRAP := -Wl,--wrap=fchown
$(BUILD)/tests/unit/net/test_connect: WRAP := -Wl,--wrap=connect
$(BUILD)/tests/unit/net/test_listener: WRAP := -Wl,--wrap=unix_bound
$(BUILD)/tests/unit/jobs/test_module_table: WRAP := $(patsubst %,-Wl$(comma)--wrap=%,opendir readdir stat)
$(BUILD)/tests/unit/common/test_read_all: WRAP := -Wl,--wrap=read
$(BUILD)/tests/unit/base/test_file_read: WRAP := $(patsubst %,-Wl$(comma)--wrap=%,fstat read)
$(BUILD)/tests/unit/net/test_listener_faults: WRAP := $(patsubst %,-Wl$(comma)--wrap=%,accept4 bind event_add event_new flock \
    getsockname lchown listen open recv send setsockopt socket)
$(BUILD)/tests/unit/daemon/test_identity: WRAP := $(patsubst %,-Wl$(comma)--wrap=%,fork geteuid initgroups setgid setgroups setuid \
    waitpid)
$(BUILD)/tests/unit/workers/test_process_faults: WRAP := $(patsubst %,-Wl$(comma)--wrap=%,clone close_range dup2 execve fcntl ftruncate \
    memfd_create mmap open pipe2 prctl setpgid wait4 waitid)

.SECONDARY:

unit: all $(tests)
	@export TMPDIR=$$(scripts/disk-dir); set -e; for t in $(tests); do $$t; done

integration: all
	BUILD=$(abspath $(BUILD)) TMPDIR=$$(scripts/disk-dir) /usr/bin/python3 -m pytest -q tests/integration

check:
	scripts/check

# coverage: lines and branches of src/ and queue/ run by the tests (build/cov). analyse: cppcheck and clang-tidy.
.PHONY: coverage analyse
coverage:
	scripts/coverage
analyse:
	scripts/analyse

format:
	git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

# `make install PREFIX=/usr DESTDIR=/tmp/tree`. taskmasterd finds its worker and modules from its own place, so these have
# no variable. crash is for the tests only.
LIBDIR      ?= $(PREFIX)/lib
SYSCONFDIR  ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
MANDIR      ?= $(PREFIX)/share/man
DOCDIR      ?= $(PREFIX)/share/doc/taskmaster
UNITDIR     ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
DEST        := $(DESTDIR)$(PREFIX)
DEST_MAN    := $(DESTDIR)$(MANDIR)
DEST_CONF   := $(DESTDIR)$(SYSCONFDIR)/taskmaster
daemons     := $(filter %d %-http,$(programs))
installed   := $(filter-out %/crash.so,$(modules))
manuals     := $(wildcard doc/*.[13578])
headers     := module.h client.h version.h
docs        := README.md CHANGELOG.md LICENSE $(wildcard doc/*.md)
conf        := $(wildcard conf/*.conf)
units       := $(wildcard conf/systemd/*.service conf/systemd/*.socket)
sysusers    := $(wildcard conf/sysusers.d/*.conf)
examples    := $(filter-out modules/crash.c,$(wildcard modules/*.c modules/exec/*))
monitoring  := $(wildcard doc/monitoring/*)
ABI         := $(shell sed -n 's/^.define TM_ABI //p' include/taskmaster/module.h)

install: all
	install -d $(DEST)/bin $(DEST)/sbin $(DEST)/libexec/taskmaster $(DEST)/lib/taskmaster/modules \
	    $(DESTDIR)$(LIBDIR)/pkgconfig $(DEST)/include/taskmaster $(DESTDIR)$(DOCDIR)/examples/modules/exec \
	    $(DEST)/share/bash-completion/completions $(DEST)/share/zsh/site-functions $(DEST_CONF)
	install $(BUILD)/taskmaster $(DEST)/bin
	install $(daemons) $(DEST)/sbin
	install $(BUILD)/taskmaster-worker $(DEST)/libexec/taskmaster
	install -m 644 $(installed) $(DEST)/lib/taskmaster/modules
	install -m 644 $(BUILD)/libtaskmaster.a $(BUILD)/libtaskmaster.so.0 $(DESTDIR)$(LIBDIR)
	ln -sf libtaskmaster.so.0 $(DESTDIR)$(LIBDIR)/libtaskmaster.so
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR:$(PREFIX)/%=$${prefix}/%)' 'includedir=$${prefix}/include' \
	    'moduledir=$${prefix}/lib/taskmaster/modules' 'abi_version=$(ABI)' '' 'Name: libtaskmaster' \
	    'Description: client library of taskmasterd' 'Version: $(VERSION)' 'Requires.private: jansson' \
	    'Libs: -L$${libdir} -ltaskmaster' 'Cflags: -I$${includedir}' >$(DESTDIR)$(LIBDIR)/pkgconfig/libtaskmaster.pc
	install -m 644 $(addprefix include/taskmaster/,$(headers)) $(DEST)/include/taskmaster
	install -m 644 $(docs) $(DESTDIR)$(DOCDIR)
	install -m 644 client/completion/taskmaster.bash $(DEST)/share/bash-completion/completions/taskmaster
	install -m 644 client/completion/_taskmaster $(DEST)/share/zsh/site-functions
	set -e; for page in $(manuals); do install -D -m 644 $$page $(DEST_MAN)/man$${page##*.}/$${page##*/}; done
	set -e; for file in $(examples); do install -m 644 $$file $(DESTDIR)$(DOCDIR)/examples/$$file; done
	install -D -m 644 -t $(DESTDIR)$(DOCDIR)/monitoring $(monitoring)
	install -m 644 modules/examples.mk $(DESTDIR)$(DOCDIR)/examples/modules/Makefile
	set -e; for file in $(notdir $(conf)); do \
	    install -m 644 conf/$$file $(DESTDIR)$(DOCDIR)/examples; \
	    [ -e $(DEST_CONF)/$$file ] || install -m 644 conf/$$file $(DEST_CONF); done
	set -e; for unit in $(units); do install -d $(DESTDIR)$(UNITDIR); \
	    sed 's|/usr/sbin/|$(PREFIX)/sbin/|; s|/etc/taskmaster/|$(SYSCONFDIR)/taskmaster/|' $$unit \
	        >$(DESTDIR)$(UNITDIR)/$${unit##*/}; done
	set -e; for file in $(sysusers); do install -D -m 644 -t $(DESTDIR)$(SYSUSERSDIR) $$file; done
	$(if $(DESTDIR),,@echo 'Run ldconfig (as root), so that programs find libtaskmaster.so.0 in $(LIBDIR).')

# Removes the installed files alone: the operator's own modules and changed settings stay, and their directories.
made_dirs := $(DEST)/lib/taskmaster/modules $(DEST)/lib/taskmaster $(DEST)/libexec/taskmaster $(DEST)/include/taskmaster \
             $(addprefix $(DESTDIR)$(DOCDIR),/examples/modules/exec /examples/modules /examples /monitoring) \
             $(DESTDIR)$(DOCDIR) $(DEST_CONF)
uninstall:
	for file in $(notdir $(conf)); do ! cmp -s conf/$$file $(DEST_CONF)/$$file || rm -f $(DEST_CONF)/$$file; done
	rm -f $(DEST)/bin/taskmaster $(addprefix $(DEST)/sbin/,$(notdir $(daemons))) $(DEST)/libexec/taskmaster/taskmaster-worker \
	    $(addprefix $(DEST)/lib/taskmaster/modules/,$(notdir $(installed))) \
	    $(addprefix $(DESTDIR)$(LIBDIR)/,libtaskmaster.a libtaskmaster.so.0 libtaskmaster.so pkgconfig/libtaskmaster.pc) \
	    $(addprefix $(DEST)/include/taskmaster/,$(headers)) $(addprefix $(DESTDIR)$(DOCDIR)/,$(notdir $(docs))) \
	    $(addprefix $(DESTDIR)$(DOCDIR)/monitoring/,$(notdir $(monitoring))) \
	    $(DEST)/share/bash-completion/completions/taskmaster $(DEST)/share/zsh/site-functions/_taskmaster \
	    $(addprefix $(DESTDIR)$(DOCDIR)/examples/,$(notdir $(conf)) $(examples) modules/Makefile) \
	    $(addprefix $(DESTDIR)$(DOCDIR)/,$(monitoring:doc/%=%)) \
	    $(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(units))) $(addprefix $(DESTDIR)$(SYSUSERSDIR)/,$(notdir $(sysusers))) \
	    $(foreach page,$(manuals),$(DEST_MAN)/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)))
	for dir in $(made_dirs); do \
	    [ ! -d $$dir ] || rmdir --ignore-fail-on-non-empty $$dir; done

# Test modules: broken ones for the loader to refuse, and one to show a module's surroundings.
test_modules := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/modules/*.c))
$(BUILD)/tests/modules/%.so: tests/modules/%.c include/taskmaster/module.h
	@mkdir -p $(@D) $(O)
	$(COMPILE_SHARED) -fvisibility=hidden -MF $(O)/test_modules_$*.d -o $@ $< $(LIBS_$*)
unit integration: $(test_modules)
integration: $(BUILD)/tests/clock_shift.so
.PHONY: test-programs
test-programs: all $(tests) $(test_modules) $(BUILD)/tests/clock_shift.so
$(BUILD)/tests/clock_shift.so: tests/integration/clock_shift.c
	@mkdir -p $(@D) $(O)
	$(COMPILE_SHARED) -MF $(O)/clock_shift.d -o $@ $<

# Fuzz and sweep. `make fuzz FUZZ_SECONDS=600` runs each fuzz program for so long; clang builds them in build/fuzz, with
# coverage to steer by. `make sweep` tries every fault of tests/sweep, on a build without sanitizers.
FUZZ_SECONDS ?= 300
fuzzers      := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(BUILD)/fuzz_worker: $(O)/tests/fuzz/fuzz_worker.o $(O)/libworker.a $(O)/libcommon.a
	$(LINK) -fsanitize=fuzzer -o $@ $^ $(WORKER_LIBS)
$(BUILD)/fuzz_master: $(patsubst %,$(O)/tests/fuzz/master_%.o,books news sources workers)
$(BUILD)/fuzz_session: $(patsubst %,$(O)/tests/fuzz/session_%.o,bytes clients live system workers)
# session_system.c stands in for processes and the clock.
$(BUILD)/fuzz_session: WRAP := $(patsubst %,-Wl$(comma)--wrap=%,clock_gettime stat module_dir_find getrandom pipe2 child_start kill getpgid \
    wait4 waitid worker_process_start log_emit)
$(BUILD)/fuzz_event: $(O)/tests/fuzz/fuzz_event.o $(O)/libqueue.a $(O)/libshared.a
	$(LINK) -fsanitize=fuzzer -o $@ $^ $(QUEUE_LIBS)
# A store in memory and a master in calls stand in for the disk and the network; the store asserts with libcheck.
$(BUILD)/fuzz_queue: WRAP := -Wl,--wrap=clock_gettime -Wl,--wrap=log_emit
$(BUILD)/fuzz_queue: $(O)/tests/fuzz/fuzz_queue.o $(patsubst %,$(O)/tests/fuzz/queue_%.o,callers master store) \
    $(O)/tests/fuzz/session_bytes.o $(O)/tests/unit/queue/kept/fake_engine.o $(O)/libqueue.a $(O)/libshared.a
	$(LINK) -fsanitize=fuzzer -o $@ $^ $(QUEUE_LIBS) -lcheck -lsubunit -lm -lrt
# llhttp is the reference: its source out of Debian's package node-llhttp.
LLHTTP := /usr/share/llhttp
$(O)/llhttp/%.o: $(LLHTTP)/%.c
	@mkdir -p $(@D)
	$(CC) -I/usr/share/include/llhttp $(OPT) -w -fPIC -c -o $@ $<
$(O)/tests/fuzz/http_reference.o: CPPFLAGS += -isystem /usr/share/include/llhttp
$(BUILD)/fuzz_http: $(O)/tests/fuzz/fuzz_http.o $(patsubst %,$(O)/tests/fuzz/http_%.o,reference subject) \
    $(patsubst %,$(O)/llhttp/%.o,api http llhttp) $(O)/libgateway.a $(O)/libshared.a
	$(LINK) -fsanitize=fuzzer -o $@ $^ $(MASTER_LIBS)
$(BUILD)/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(O)/libmaster.a $(O)/libshared.a
	$(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(MASTER_LIBS)
$(BUILD)/tests/fail_malloc.so: tests/sweep/fail_malloc.c
	@mkdir -p $(@D)
	$(COMPILE_SHARED) -MF $(O)/fail_malloc.d -o $@ $<

# It defines open(), which _FORTIFY_SOURCE does, too.
$(BUILD)/tests/disk.so: OPT := -O2 -g
$(BUILD)/tests/disk.so: tests/queue_proof/disk.c
	@mkdir -p $(@D) $(O)
	$(COMPILE_SHARED) -MF $(O)/disk.d -o $@ $<

.PHONY: fuzz fuzz-programs fuzzers sweep sweep-programs
fuzzers: $(fuzzers)
fuzz-programs:
	$(MAKE) CC=clang BUILD=build/fuzz LDOPT=-fsanitize=address,undefined OPT="-O1 -g -fno-omit-frame-pointer \
	    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" fuzzers
fuzz: fuzz-programs
	tests/fuzz/run $(FUZZ_SECONDS)
sweep-programs: all $(BUILD)/tests/fail_malloc.so
sweep: sweep-programs
	BUILD=$(abspath $(BUILD)) PYTHONDONTWRITEBYTECODE=1 tests/sweep/sweep

# Proof of the queue: kill -9, power cuts, failing calls, full disks, broken stores; tests/queue_proof/README.md. `make
# proof` takes half an hour; scripts/check runs a short one.
.PHONY: proof proof-programs
proof-programs: test-programs $(BUILD)/tests/fail_malloc.so $(BUILD)/tests/disk.so
proof: proof-programs
	BUILD=$(abspath $(BUILD)) PROOF=long /usr/bin/python3 -m pytest -q --timeout 0 -rP tests/queue_proof

# Torture. `make torture JOBS=10000000 FAULTS=100000 SEED=1f` runs disasters for hours, in rounds, each checked by
# itself; tests/torture/README.md. `make plant BUG=03` plants one bug of tests/torture/bugs in a copy of the sources and
# looks whether the checker finds it, `make plants` all of them.
JOBS      ?= 10000000
FAULTS    ?= 100000
SEED      ?=
torture_o := $(patsubst %.c,$(O)/%.o,$(wildcard tests/torture/*.c))
$(BUILD)/tests/torture: $(torture_o)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ -ljansson
.PHONY: torture torture-programs plant plants
torture-programs: $(BUILD)/taskmasterd $(BUILD)/taskmaster-worker $(BUILD)/taskqueued $(BUILD)/tests/torture $(test_modules)
torture: torture-programs
	BUILD=$(BUILD) TMPDIR=$$(scripts/disk-dir) $(BUILD)/tests/torture --jobs $(JOBS) --faults $(FAULTS) $(if $(SEED),--seed $(SEED)) --verbose
plant: torture-programs
	BUILD=$(BUILD) TMPDIR=$$(scripts/disk-dir) tests/torture/plant $(BUG)
plants: torture-programs
	BUILD=$(BUILD) TMPDIR=$$(scripts/disk-dir) tests/torture/plant all

# Bench. `make bench` measures taskmasterd beside the bare relay and the installed peers, BENCH=--quick in under a
# minute. `make bench-doc` writes the last results into doc/performance.md. `make bench-instructions` counts instructions
# with callgrind, and fails at over 10 % more than in tests/bench/instructions.txt. BENCH=--accept writes this file.
# scripts/bench-deps installs the peers and valgrind.
BENCH           ?=
bench_programs  := $(patsubst %,$(BUILD)/tests/bench-%,enqueue http load worker line relay parts)
bench_protocols := $(patsubst tests/bench/%.c,$(O)/tests/bench/%.o,$(wildcard tests/bench/protocol*.c))
bench_o         := $(patsubst %,$(O)/tests/bench/%.o,stream payload tally process taskmaster_event) $(bench_protocols)
$(O)/libbench.a: $(bench_o)
$(BUILD)/tests/bench-%: $(O)/tests/bench/%.o $(O)/libbench.a $(O)/libcommon.a
	@mkdir -p $(@D)
	$(LINK) -o $@ $^

.PHONY: bench bench-programs bench-doc bench-instructions
test-programs: bench-programs
bench-programs: all $(bench_programs)
bench bench-instructions: bench-programs
	BUILD=$(abspath $(BUILD)) PYTHONDONTWRITEBYTECODE=1 tests/bench/$(@:bench-%=%) $(BENCH)
bench-doc:
	BUILD=$(abspath $(BUILD)) PYTHONDONTWRITEBYTECODE=1 tests/bench/document

clean:
	rm -rf build

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
