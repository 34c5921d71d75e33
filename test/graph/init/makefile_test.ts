import { assertEquals } from "@std/assert";
import { makeScripts } from "../../../graph/init/makefile.ts";

// S6.15
Deno.test("makeScripts() finds the targets that are declared phony, with what each does and needs", () => {
  const text = `CC := gcc
FLAGS = -O2
include other.mk
.PHONY: all test lint \\
  docs
all: app | build
app: main.o util.o
\t$(CC) -o $@ $^
%.o: %.c
\t$(CC) -c $<
test lint: all
\t./check $@
test: FLAGS += -g
docs: ; ./docs.sh
ifeq ($(X),1)
endif
`;
  assertEquals(makeScripts(text), [
    { name: "all", text: "", command: "make all" },
    { name: "test", text: "./check $@", command: "make test", needs: ["all"] },
    { name: "lint", text: "./check $@", command: "make lint", needs: ["all"] },
    { name: "docs", text: "./docs.sh", command: "make docs" },
  ]);
});

// S6.15
Deno.test("makeScripts() takes all plain names where none is declared phony, and tells groups", () => {
  const text =
    "all: build test\nbuild:\n\tcc -o app main.c\ntest: build\n\t./app\nmain.o: main.c\n\tcc -c main.c\n$(X): y\n";
  assertEquals(makeScripts(text), [
    { name: "all", text: "", command: "make all", needs: ["build", "test"], isGroup: true },
    { name: "build", text: "cc -o app main.c", command: "make build" },
    { name: "test", text: "./app", command: "make test", needs: ["build"] },
  ]);
});

// S6.15
Deno.test("makeScripts() finds nothing in what is no Makefile", () => {
  assertEquals(makeScripts(""), []);
  assertEquals(makeScripts("just some text\nand = more\n"), []);
});
