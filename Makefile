# Builds, tests, checks and installs Conveyor. Everything made lies in build/.
#
#   make                 the programs: build/conveyord, build/conveyor-load and build/conveyor-export
#   make test            unit, system, fault and client tests; T=name one scenario, ARCH=name one architecture
#   make check           formatting, static analysis, shell scripts, man pages and the rules of purity
#   make tiny            the same programs with every size made small, in build/tiny
#   make debug           where every touch of a session asserts whose it is, in build/debug
#   make asan            with the address and undefined sanitizers, in build/asan
#   make ubsan           with the undefined sanitizer alone, in build/ubsan
#   make tsan            with the thread sanitizer, in build/tsan
#   make soak            all tests in all modes on all architectures, at full length
#   make teeth           takes out one repair at a time and shows which test catches it
#   make fuzz            the libFuzzer targets, in build/fuzz; tests/fuzz/run runs them
#   make bench           what the server costs; T=name one section, ARCH=name one architecture, R=n rounds of each
#   make format          has clang-format write every C file anew
#   make install         into DESTDIR and PREFIX
#   make clean           removes build/

# The version every program tells.
VERSION = 0.1.0

# Where `make install` puts things. DESTDIR goes in front when a package is built.
PREFIX = /usr/local
DESTDIR =

# How to build: plain, or words joined by '-': debug, tiny, asan, ubsan, tsan (MODE=tiny-tsan). Each mode has its own folder.
MODE = plain
BUILD = $(if $(filter-out plain,$(MODE)),build/$(MODE),build)

# For `make test` and `make bench`: one scenario or section (T), one architecture (ARCH). Empty: all.
T =
ARCH =

# For `make bench`: how many rounds. Empty: as many as it likes.
R =

# Every architecture the server has, and the baselines, which are for the lab alone and pass a part of the tests; `make check`
# compares both lists with the folders of server/arch.
ARCHES = conveyor async epoll
BASELINES = blocking null

# V=1 shows the commands. WERROR= lets warnings pass. JOBS is how many checks run at once.
V =
WERROR = -Werror
JOBS = $(shell nproc)

# CFLAGS, CPPFLAGS and LDFLAGS are the user's; what the sources need is below.
ifeq ($(origin CC),default)
CC = gcc
endif
CFLAGS = -O2 -g
CPPFLAGS =
LDFLAGS =

MODE_plain =
MODE_debug = -O1 -DCONVEYOR_DEBUG
MODE_tiny = -DCONVEYOR_TINY -DCONVEYOR_DEBUG
MODE_asan = -DCONVEYOR_DEBUG -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
MODE_ubsan = -DCONVEYOR_DEBUG -fsanitize=undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
MODE_tsan = -DCONVEYOR_DEBUG -fsanitize=thread -fno-omit-frame-pointer

MODE_WORDS = $(subst -, ,$(MODE))
MODE_UNKNOWN := $(filter-out plain debug tiny asan ubsan tsan,$(MODE_WORDS))
ifneq ($(MODE_UNKNOWN),)
$(error MODE: unknown: $(MODE_UNKNOWN))
endif

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion $(WERROR)
DEFINES = -D_GNU_SOURCE -DCONVEYOR_VERSION=\"$(VERSION)\"
MODE_FLAGS = $(foreach word,$(MODE_WORDS),$(MODE_$(word)))
COMPILE = $(CC) -std=gnu11 -I. $(DEFINES) $(CPPFLAGS) $(WARNINGS) $(CFLAGS) $(MODE_FLAGS) -MMD -MP
LINK = $(CC) $(CFLAGS) $(MODE_FLAGS) $(LDFLAGS)
LIBS = -lcjson -linih -lpthread
LOAD_LIBS = -lcjson -lpthread
EXPORT_LIBS = -lcjson -lmicrohttpd
TEST_LIBS = -lcmocka $(LIBS)

# What both ends share; a library.
COMMON = \
	common/buf.c \
	common/utf8.c \
	common/rules.c \
	common/clock.c \
	common/hist.c \
	common/net.c \
	common/args.c \
	common/program.c \
	common/log.c \
	common/log_line.c \
	common/log_writer.c

# The server. Everything but main.c becomes a library, so that the unit tests link what the server is made of.
MAIN = server/main.c
SOURCES = \
	$(COMMON) \
	server/chat/session.c \
	server/chat/owner.c \
	server/chat/names.c \
	server/chat/folder.c \
	server/chat/repair.c \
	server/chat/catalog.c \
	server/chat/history.c \
	server/chat/tail.c \
	server/door/wire.c \
	server/desk/turn.c \
	server/desk/desk.c \
	server/desk/gate.c \
	server/desk/name.c \
	server/desk/lobby.c \
	server/desk/room.c \
	server/desk/feed.c \
	server/desk/bye.c \
	server/arch/arch.c \
	server/arch/crew.c \
	server/arch/shift.c \
	server/arch/rooms.c \
	server/arch/sync.c \
	server/arch/census.c \
	server/arch/entrance.c \
	server/arch/epoll/epoll.c \
	server/arch/async/strand.c \
	server/arch/async/pool.c \
	server/arch/async/alarm.c \
	server/arch/async/beacon.c \
	server/arch/async/claim.c \
	server/arch/async/station.c \
	server/arch/async/gate_station.c \
	server/arch/async/lobby_station.c \
	server/arch/async/room_station.c \
	server/arch/async/async.c \
	server/arch/blocking/blocking.c \
	server/arch/blocking/house.c \
	server/arch/blocking/step.c \
	server/arch/blocking/talk.c \
	server/arch/blocking/accepting.c \
	server/arch/blocking/user_name_enter.c \
	server/arch/blocking/list_of_chats.c \
	server/arch/blocking/chats.c \
	server/arch/blocking/chat_message.c \
	server/arch/blocking/chat_file.c \
	server/arch/blocking/disconnect.c \
	server/arch/null/null.c \
	server/arch/conveyor/line.c \
	server/arch/conveyor/belt.c \
	server/arch/conveyor/stage.c \
	server/arch/conveyor/gate_stage.c \
	server/arch/conveyor/name_stage.c \
	server/arch/conveyor/lobby_stage.c \
	server/arch/conveyor/room_stage.c \
	server/machine.c \
	server/options.c \
	server/console.c \
	server/metrics.c \
	server/notify.c

# The exporter, build/conveyor-export. Here too everything but main.c is a library for the unit tests.
EXPORT_MAIN = client/export/main.c
EXPORT = \
	client/export/events.c \
	client/export/input.c \
	client/export/metrics.c \
	client/export/serve.c \
	client/export/strict.c

# The load generator, build/conveyor-load, the same way. The bench links its library too.
LOAD_MAIN = client/load/main.c
LOAD = \
	client/load/load.c \
	client/load/worker.c \
	client/load/modes.c \
	client/load/sums.c \
	client/load/schedule.c \
	client/load/turns.c \
	client/load/agenda.c \
	client/load/founder.c \
	client/load/dial.c \
	client/load/bot.c \
	client/load/requests.c \
	client/load/answers.c \
	client/load/records.c \
	client/load/mark.c \
	client/load/ledger.c \
	client/load/compare.c \
	client/load/violation.c \
	client/load/tally.c \
	client/load/events.c \
	client/load/profile.c \
	client/load/thesis.c \
	client/load/rooms.c \
	client/load/churn.c \
	client/load/idle.c \
	client/load/replay.c \
	client/load/options.c \
	client/load/threshold.c \
	client/load/results.c \
	client/load/find_max.c \
	client/load/live.c \
	client/load/stop.c \
	client/load/report.c \
	client/load/json.c

# One program each.
UNIT_TESTS = \
	tests/unit/test_args.c \
	tests/unit/test_args_words.c \
	tests/unit/test_belt.c \
	tests/unit/test_buf.c \
	tests/unit/test_bye.c \
	tests/unit/test_catalog.c \
	tests/unit/test_claim.c \
	tests/unit/test_export.c \
	tests/unit/test_feed.c \
	tests/unit/test_gate.c \
	tests/unit/test_hist.c \
	tests/unit/test_history.c \
	tests/unit/test_list.c \
	tests/unit/test_lists.c \
	tests/unit/test_load_ledger.c \
	tests/unit/test_load_options.c \
	tests/unit/test_load_modes.c \
	tests/unit/test_load_schedule.c \
	tests/unit/test_load_threshold.c \
	tests/unit/test_lobby.c \
	tests/unit/test_log.c \
	tests/unit/test_log_line.c \
	tests/unit/test_machine.c \
	tests/unit/test_name.c \
	tests/unit/test_names.c \
	tests/unit/test_net.c \
	tests/unit/test_notify.c \
	tests/unit/test_options.c \
	tests/unit/test_owner.c \
	tests/unit/test_pool.c \
	tests/unit/test_private.c \
	tests/unit/test_protocol.c \
	tests/unit/test_refusals.c \
	tests/unit/test_repair.c \
	tests/unit/test_room.c \
	tests/unit/test_rules.c \
	tests/unit/test_session.c \
	tests/unit/test_strand.c \
	tests/unit/test_tail.c \
	tests/unit/test_turn.c \
	tests/unit/test_utf8.c \
	tests/unit/test_wire.c

# What the unit tests share; a library too.
UNIT_HELPERS = \
	tests/unit/desks.c \
	tests/unit/hall.c \
	tests/unit/files.c \
	tests/unit/logs.c \
	tests/unit/madeup.c \
	tests/unit/persons.c

# What drives the real server and plays its clients; a library. It shares no code with the server.
HARNESS = \
	tests/harness/suite.c \
	tests/harness/trial.c \
	tests/harness/server.c \
	tests/harness/records.c \
	tests/harness/client.c \
	tests/harness/script.c \
	tests/harness/rows.c \
	tests/harness/checker.c \
	tests/harness/census.c \
	tests/harness/crowd.c \
	tests/harness/bots.c

# One program, build/tests/system: the scenarios.
SYSTEM_TESTS = \
	tests/system/system.c \
	tests/system/batches.c \
	tests/system/command.c \
	tests/system/death.c \
	tests/system/disk.c \
	tests/system/endings.c \
	tests/system/folder.c \
	tests/system/frames.c \
	tests/system/limits.c \
	tests/system/lobby.c \
	tests/system/log.c \
	tests/system/many.c \
	tests/system/names.c \
	tests/system/order.c \
	tests/system/private.c \
	tests/system/repair.c \
	tests/system/replay.c \
	tests/system/room.c \
	tests/system/signals.c \
	tests/system/slow.c \
	tests/system/stages.c \
	tests/system/swallows.c \
	tests/system/timeouts.c

# One program, build/tests/clients: the programs of client/, driven as a person would.
CLIENT_TESTS = \
	tests/clients/clients.c \
	tests/clients/program.c \
	tests/clients/http.c \
	tests/clients/exporter.c \
	tests/clients/export.c \
	tests/clients/loader.c \
	tests/clients/load.c \
	tests/clients/load_output.c \
	tests/clients/load_ends.c \
	tests/clients/extra.c \
	tests/clients/proxy.c \
	tests/clients/load_faults.c \
	tests/clients/pretender.c \
	tests/clients/load_protocol.c \
	tests/clients/load_life.c \
	tests/clients/load_edges.c

# One program, build/tests/faults: what can go wrong around the server.
FAULT_TESTS = \
	tests/faults/faults.c \
	tests/faults/strace.c \
	tests/faults/mounts.c \
	tests/faults/serves.c \
	tests/faults/readers.c \
	tests/faults/kills.c \
	tests/faults/starts.c \
	tests/faults/power.c \
	tests/faults/disk.c \
	tests/faults/sweeps.c \
	tests/faults/scarce.c \
	tests/faults/failing.c \
	tests/faults/floods.c \
	tests/faults/noise.c \
	tests/faults/cuts.c \
	tests/faults/storm.c \
	tests/faults/steady.c \
	tests/faults/signals.c

# One libFuzzer target each, built with clang into build/fuzz.
FUZZ_TESTS = \
	tests/fuzz/wire.c \
	tests/fuzz/names.c \
	tests/fuzz/load.c \
	tests/fuzz/endless.c \
	tests/fuzz/config.c \
	tests/fuzz/bots.c \
	tests/fuzz/export.c

# One program, build/tests/live: the fuzzer of the real server, on the harness.
LIVE = tests/fuzz/live.c

# One program, build/tests/bench: what the server costs.
BENCH = \
	tests/bench/main.c \
	tests/bench/bench.c \
	tests/bench/beside.c \
	tests/bench/bots.c \
	tests/bench/deliver.c \
	tests/bench/delivery.c \
	tests/bench/figure.c \
	tests/bench/floor.c \
	tests/bench/floor_passages.c \
	tests/bench/floor_replay.c \
	tests/bench/floor_visit.c \
	tests/bench/generator.c \
	tests/bench/growth.c \
	tests/bench/memory.c \
	tests/bench/passages.c \
	tests/bench/process.c \
	tests/bench/quiet.c \
	tests/bench/record.c \
	tests/bench/replay.c \
	tests/bench/stages.c \
	tests/bench/start.c \
	tests/bench/steady.c \
	tests/bench/target.c \
	tests/bench/trace.c \
	tests/bench/trial.c \
	tests/bench/usage.c \
	tests/bench/verdict.c \
	tests/bench/verdict_case.c \
	tests/bench/verdict_table.c \
	tests/bench/visits.c

# Loaded into the server by build/tests/bench, to count its allocations, and by build/tests/faults, to make calls fail.
PRELOAD = tests/bench/allocations.c
FAILING = tests/faults/failing_calls.c

MAN_PAGES = \
	server/conveyord.1 \
	client/load/conveyor-load.1 \
	client/export/conveyor-export.1

object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
SERVER = $(BUILD)/conveyord
LIBRARY = $(BUILD)/libconveyor.a
COMMON_LIBRARY = $(BUILD)/libcommon.a
EXPORTER = $(BUILD)/conveyor-export
EXPORT_LIBRARY = $(BUILD)/libexport.a
LOADER = $(BUILD)/conveyor-load
LOAD_LIBRARY = $(BUILD)/libload.a
PROGRAMS = $(SERVER) $(LOADER) $(EXPORTER)
HELPERS = $(BUILD)/tests/libunit.a
UNIT = $(UNIT_TESTS:%.c=$(BUILD)/%)
LOAD_UNIT = $(filter $(BUILD)/tests/unit/test_load_%,$(UNIT))
HARNESS_LIBRARY = $(BUILD)/tests/libharness.a
SYSTEM = $(BUILD)/tests/system
CLIENTS = $(BUILD)/tests/clients
FAULTS = $(BUILD)/tests/faults
LIVE_FUZZ = $(BUILD)/tests/live
BENCH_PROGRAM = $(BUILD)/tests/bench
ALLOCATIONS = $(BUILD)/tests/allocations.so
FAILING_CALLS = $(BUILD)/tests/failing_calls.so
PROGRAM_SOURCES = $(MAIN) $(SOURCES) $(LOAD_MAIN) $(LOAD) $(EXPORT_MAIN) $(EXPORT)
C_SOURCES = $(PROGRAM_SOURCES) $(UNIT_TESTS) $(UNIT_HELPERS) $(HARNESS) $(SYSTEM_TESTS) $(CLIENT_TESTS) $(FAULT_TESTS) \
	$(FUZZ_TESTS) $(LIVE) $(BENCH) $(PRELOAD) $(FAILING)
OBJECTS = $(call object,$(C_SOURCES))

Q = $(if $(V),,@)
say = $(if $(V),,@echo "  $(1) $@")

.PHONY: all test tests check debug tiny asan tsan ubsan teeth bench format install clean soak
.DELETE_ON_ERROR:

all: $(PROGRAMS)

tests: $(PROGRAMS) $(UNIT) $(SYSTEM) $(CLIENTS) $(FAULTS) $(FAILING_CALLS)

$(SERVER): $(call object,$(MAIN)) $(LIBRARY) $(COMMON_LIBRARY)
$(EXPORTER): $(call object,$(EXPORT_MAIN)) $(EXPORT_LIBRARY) $(COMMON_LIBRARY)
$(LOADER): $(call object,$(LOAD_MAIN)) $(LOAD_LIBRARY) $(COMMON_LIBRARY)
$(LOADER): LIBS = $(LOAD_LIBS)
$(EXPORTER): LIBS = $(EXPORT_LIBS)
$(PROGRAMS):
	$(call say,LINK )
	$(Q)$(LINK) -o $@ $^ $(LIBS)

$(LIBRARY): $(call object,$(filter-out $(COMMON),$(SOURCES)))
$(COMMON_LIBRARY): $(call object,$(COMMON))
$(LOAD_LIBRARY): $(call object,$(LOAD))
$(EXPORT_LIBRARY): $(call object,$(EXPORT))
$(HELPERS): $(call object,$(UNIT_HELPERS))
$(HARNESS_LIBRARY): $(call object,$(HARNESS))
$(LIBRARY) $(COMMON_LIBRARY) $(LOAD_LIBRARY) $(EXPORT_LIBRARY) $(HELPERS) $(HARNESS_LIBRARY):
	$(call say,AR   )
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) qcs $@ $^

# Server and load generator have an options_read each: no test is linked with both.
$(UNIT): $(BUILD)/%: $(BUILD)/obj/%.o
$(filter-out $(LOAD_UNIT),$(UNIT)): $(HELPERS) $(LIBRARY) $(EXPORT_LIBRARY) $(COMMON_LIBRARY)
$(LOAD_UNIT): $(LOAD_LIBRARY) $(COMMON_LIBRARY)
$(UNIT):
	$(call say,LINK )
	$(Q)mkdir -p $(@D) && $(LINK) -o $@ $^ $(TEST_LIBS)

$(SYSTEM): $(call object,$(SYSTEM_TESTS)) $(HARNESS_LIBRARY)
$(CLIENTS): $(call object,$(CLIENT_TESTS)) $(HARNESS_LIBRARY)
$(FAULTS): $(call object,$(FAULT_TESTS)) $(HARNESS_LIBRARY)
$(LIVE_FUZZ): $(call object,$(LIVE)) $(HARNESS_LIBRARY)
$(SYSTEM) $(CLIENTS) $(FAULTS) $(LIVE_FUZZ):
	$(call say,LINK )
	$(Q)mkdir -p $(@D) && $(LINK) -o $@ $^ $(TEST_LIBS)

# Fuzzing: everything is compiled once more, by clang and with what libFuzzer needs to see. An empty buffer's null
# pointer plus 0, which C2y allows, is nothing to complain about.
FUZZ_CC = clang
FUZZ_FLAGS = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-sanitize=pointer-overflow \
	-fno-omit-frame-pointer -O1 -g
FUZZ_COMPILE = $(FUZZ_CC) -std=gnu11 -I. $(DEFINES) $(WARNINGS) $(FUZZ_FLAGS) -MMD -MP
FUZZ_NAMES = $(FUZZ_TESTS:tests/fuzz/%.c=%)
FUZZ = $(FUZZ_NAMES:%=build/fuzz/%)
fuzz_object = $(patsubst %.c,build/fuzz/obj/%.o,$(1))
.PHONY: fuzz live

fuzz: $(FUZZ)

live: $(SERVER) $(LIVE_FUZZ)

# Two are about the client programs, the others about the server.
build/fuzz/bots: $(call fuzz_object,$(LOAD) $(COMMON))
build/fuzz/export: $(call fuzz_object,$(EXPORT) $(COMMON))
build/fuzz/export: FUZZ_LIBS = -lmicrohttpd
$(filter-out build/fuzz/bots build/fuzz/export,$(FUZZ)): $(call fuzz_object,$(SOURCES))
$(FUZZ): build/fuzz/%: build/fuzz/obj/tests/fuzz/%.o
	$(call say,LINK )
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer $(FUZZ_WRAP) -o $@ $^ $(LIBS) $(FUZZ_LIBS)
build/fuzz/config: FUZZ_WRAP = -Wl,--wrap=getaddrinfo

build/fuzz/obj/%.o: %.c build/fuzz/flags
	$(call say,CC   )
	$(Q)mkdir -p $(@D) && $(FUZZ_COMPILE) -c -o $@ $<

build/fuzz/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FUZZ_COMPILE)' | cmp -s - $@ || echo '$(FUZZ_COMPILE)' >$@

-include $(wildcard build/fuzz/obj/*/*.d build/fuzz/obj/*/*/*.d build/fuzz/obj/*/*/*/*.d)

$(BENCH_PROGRAM): $(call object,$(BENCH)) $(LOAD_LIBRARY) $(COMMON_LIBRARY)
	$(call say,LINK )
	$(Q)mkdir -p $(@D) && $(LINK) -o $@ $^ $(LOAD_LIBS)

$(ALLOCATIONS): $(call object,$(PRELOAD))
$(FAILING_CALLS): $(call object,$(FAILING))
$(ALLOCATIONS) $(FAILING_CALLS):
	$(call say,LINK )
	$(Q)mkdir -p $(@D) && $(LINK) -shared -o $@ $^
$(call object,$(PRELOAD) $(FAILING)): SHARED = -fPIC

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(call say,CC   )
	$(Q)mkdir -p $(@D) && $(COMPILE) $(SHARED) -c -o $@ $<

# Holds the words everything was compiled with: when they change, all is compiled again.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(COMPILE)' | cmp -s - $@ || echo '$(COMPILE)' >$@
FORCE:

-include $(OBJECTS:.o=.d)

# Tests. scripts/suites builds what it runs, keeps the output in build/logs and adds up.
test:
	@scripts/suites $(if $(T),--scenario '$(T)') $(or $(MODE),plain)$(ARCH:%=:%)

soak:
	@TEST_SEED=$${TEST_SEED:-$$(date +%s)} FAULTS=full MODEL_FULL=1 FUZZ_SECONDS=60 SUITE_LIMIT=3600 \
	    scripts/suites model fuzz teeth plain tiny asan tsan tiny-asan tiny-tsan

teeth:
	@tests/teeth/run $(T)

bench: $(SERVER) $(BENCH_PROGRAM) $(ALLOCATIONS)
	$(Q)CONVEYORD=$(SERVER) $(BENCH_PROGRAM) $(ARCH:%=--arch %) $(T:%=--only %) $(R:%=--rounds %)

debug tiny asan ubsan tsan:
	@$(MAKE) --no-print-directory MODE=$@ all tests

# Checks. Each can be run alone; `make check` runs all and names every one that fails.
CHECKS = check-sources check-format check-purity check-scripts check-man check-cppcheck check-tidy
.PHONY: $(CHECKS)

C_FILES = $(wildcard $(shell git ls-files -co --exclude-standard -- '*.c' '*.h' 2>/dev/null || \
	find common server client tests -name '*.[ch]'))
SCRIPTS = $(shell grep -lE '^\#!.*(ba)?sh' scripts/* .ci/* tests/*/run 2>/dev/null)

check:
	@$(MAKE) --no-print-directory -k -j$(JOBS) --output-sync=target MODE=plain $(CHECKS)
	@echo "check: nothing to complain about"

# Every source stands in a list above, every C file in README.md's map, and every architecture in ARCHES or BASELINES.
check-sources:
	@test -n "$(C_FILES)" || { echo "no C files found"; exit 1; }
	@lost="$(filter-out $(C_SOURCES),$(filter %.c,$(C_FILES)))"; \
	test -z "$$lost" || { echo "not in the Makefile: $$lost"; exit 1; }
	@for file in $(C_FILES); do \
	    grep -qF -e " $$file " -e " $${file%.?}.[ch] " README.md || echo "not in README.md's map: $$file"; \
	done | { ! grep .; }
	@found="$(sort $(notdir $(patsubst %/,%,$(wildcard server/arch/*/))))"; \
	test "$$found" = "$(sort $(ARCHES) $(BASELINES))" || { echo "ARCHES and BASELINES: server/arch has $$found"; exit 1; }

check-format:
	@printf '%s\n' $(C_FILES) | xargs clang-format --dry-run --Werror

check-purity: $(call object,$(SOURCES))
	@CC='$(CC)' scripts/purity $(BUILD)/obj

check-scripts:
	@shellcheck $(SCRIPTS)

check-man:
	@mandoc -Tlint -Wwarning $(MAN_PAGES)

# Not the tests: cppcheck does not see that what fails a test never returns.
check-cppcheck:
	@mkdir -p $(BUILD)/cppcheck
	@cppcheck --quiet -j$(JOBS) --cppcheck-build-dir=$(BUILD)/cppcheck --std=c11 --library=posix \
	    --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    --suppress=readdirCalled \
	    -I. $(DEFINES) $(PROGRAM_SOURCES)

# One mark a source, so that only what changed is looked at again.
TIDY = $(C_SOURCES:%.c=$(BUILD)/tidy/%)

check-tidy: $(TIDY)

$(TIDY): $(BUILD)/tidy/%: %.c $(BUILD)/obj/%.o .clang-tidy tests/unit/.clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- -std=gnu11 -I. $(DEFINES) >$@ 2>&1 || { cat $@; rm -f $@; exit 1; }

format:
	clang-format -i $(C_FILES)

# Installation.
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man/man1
UNITDIR = $(PREFIX)/lib/systemd/system
EXAMPLEDIR = $(PREFIX)/share/doc/conveyor/examples

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR) $(DESTDIR)$(UNITDIR) $(DESTDIR)$(EXAMPLEDIR)
	install -m 755 $(PROGRAMS) $(DESTDIR)$(BINDIR)
	install -m 644 $(MAN_PAGES) $(DESTDIR)$(MANDIR)
	sed 's|@BINDIR@|$(BINDIR)|g' scripts/conveyord.service >$(DESTDIR)$(UNITDIR)/conveyord.service
	chmod 644 $(DESTDIR)$(UNITDIR)/conveyord.service
	install -m 644 scripts/conveyord.conf $(DESTDIR)$(EXAMPLEDIR)/conveyord.conf

clean:
	rm -rf build

# What a variable holds, for scripts: make print-UNIT MODE=tiny
print-%:
	@echo '$($*)'
