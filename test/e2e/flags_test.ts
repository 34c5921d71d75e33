// What a command says of flags and values that are wrong.
import { assertEquals, assertThrows } from "@std/assert";
import { limitsOf } from "../../cli/run.ts";
import { joinOptions } from "../../cli/join.ts";
import { detectScreen } from "../../cli/terminal.ts";
import { type Flags, type FlagSpec, parseFlags, wholeNumber } from "../../cli/options.ts";
import { InputError } from "../../graph/input/input_error.ts";

const SPEC: FlagSpec = {
  boolean: ["json", "help"],
  string: ["jobs", "timeout", "db", "task", "max-load", "max-memory"],
  collect: ["task"],
  alias: { j: "jobs", t: "task", h: "help" },
  positional: 1,
};

function said(args: string[], read: (flags: Flags) => unknown = () => {}): string {
  const message = assertThrows(() => read(parseFlags("run", args, SPEC)), InputError).message;
  return message.replace("; see troupe run --help", "; help");
}

// K38
Deno.test("a flag without a value is told so, however the value is left out", () => {
  for (const args of [["--db="], ["--db", ""], ["--db"], ["--json", "--db="], ["x", "--db="]]) {
    assertEquals(said(args), "--db needs a value; help");
  }
  for (const args of [["--task="], ["-t="], ["-t", ""], ["--task", "a", "--task="]]) {
    assertEquals(said(args), "--task needs a value; help");
  }
  assertEquals(said(["--json=yes"]), "--json takes no value; help");
  assertEquals(said(["-h="]), "--help takes no value; help");
  assertEquals(said(["--dbb="]), "Unknown flag '--dbb', did you mean '--db'?");
  assertEquals(said([""]), "An argument is empty; help");
});

// K38
Deno.test("a number that is out of range is told wrong as the value that it is, with the range", () => {
  const jobs = (flags: Flags) => wholeNumber(flags, "jobs", 1, 1024);
  for (const args of [["--jobs", "-1"], ["--jobs=-1"], ["-j", "-1"]]) {
    assertEquals(said(args, jobs), "--jobs must be a whole number from 1 to 1024, not '-1'");
  }
  const least = said(["--jobs", "-5"], (flags) => wholeNumber(flags, "jobs", 0, Number.MAX_SAFE_INTEGER));
  assertEquals(least, "--jobs must be a whole number of at least 0, not '-5'");
  const timeout = (text: string) => said(["--timeout", text], limitsOf);
  for (const text of ["0", "-2", "1e3", "abc"]) {
    assertEquals(timeout(text), `--timeout must be a number of seconds above 0, not '${text}'`);
  }
  assertEquals(timeout("3000000"), "--timeout must be at most 2147483 seconds, not '3000000'");
  assertEquals(limitsOf(parseFlags("run", ["--timeout", "2147483"], SPEC)).timeoutMs, 2_147_483_000);
  assertEquals(
    said(["--max-load", "-1%"], limitsOf),
    "--max-load must be a percentage above 0% and up to 100%, not '-1%'",
  );
  const join = { ...SPEC, string: ["heartbeat-interval"] };
  for (const text of ["100000", "-1", "0x10"]) {
    const flags = parseFlags("join", ["--heartbeat-interval", text], join);
    const message = `--heartbeat-interval must be a number of seconds above 0 and up to 86400, not '${text}'`;
    assertThrows(() => joinOptions(flags), InputError, message);
  }
  assertEquals(said(["-1", "x"]), "Unexpected argument '-1'; help");
});

Deno.test("values may hold what flags are made of", () => {
  const { values, lists, positional, on } = parseFlags("run", ["--db", "a=", "--task=-x=", "--", "--db="], SPEC);
  assertEquals([values.get("db"), lists.get("task"), positional, on.size], ["a=", ["-x="], ["--db="], 0]);
  assertEquals(parseFlags("run", ["--json=false", "-j4"], SPEC).values.get("jobs"), "4");
});

// K36
Deno.test("what was typed wrong is shown without what it would do to the terminal", () => {
  assertEquals(said(["--\x1b[31m"]), "Unknown flag '--\\u001b[31m'; help");
  assertEquals(said(["a", "b\x1b[2J"]), "Unexpected argument 'b\\u001b[2J'; help");
});

// K40
Deno.test("FORCE_COLOR colours where there is no terminal, and is stronger than NO_COLOR", () => {
  const colours = (env: Record<string, string>) => {
    const before = ["FORCE_COLOR", "NO_COLOR"].map((name) => [name, Deno.env.get(name)] as const);
    try {
      for (const [name] of before) Deno.env.delete(name);
      for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
      return detectScreen("stdout").hasColor;
    } finally {
      for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    }
  };
  assertEquals(colours({ FORCE_COLOR: "1" }), true);
  assertEquals(colours({ FORCE_COLOR: "1", NO_COLOR: "1" }), true);
  assertEquals(colours({ FORCE_COLOR: "0" }), false);
  assertEquals(colours({ NO_COLOR: "1" }), false);
});

// K38
Deno.test("short flags in one group are each what they are alone, the last with its value right after it", () => {
  const spec: FlagSpec = {
    ...SPEC,
    boolean: ["dry-run", "quiet"],
    alias: { j: "jobs", t: "task", n: "dry-run", q: "quiet" },
  };
  const read = (...args: string[]) => {
    const { on, values, lists, positional } = parseFlags("build", args, spec);
    return [[...on].join(), values.get("jobs") ?? "", lists.get("task")?.join() ?? "", positional.join()];
  };
  for (const args of [["-nj2"], ["-nj", "2"], ["-nj=2"], ["-n", "-j2"], ["-j2", "-n"]]) {
    assertEquals(read(...args), ["dry-run", "2", "", ""], args.join(" "));
  }
  assertEquals(read("-qnj2", "x"), ["dry-run,quiet", "2", "", "x"]);
  assertEquals(read("-nta", "-tj2"), ["dry-run", "", "a,j2", ""]);
  assertEquals(read("-nt", "-1"), ["dry-run", "", "-1", ""]);
  assertEquals(read("--", "-nj2"), ["", "", "", "-nj2"]);
  const jobs = (flags: Flags) => wholeNumber(flags, "jobs", 1, 1024);
  assertEquals(said(["-hj2n"], jobs), "--jobs must be a whole number from 1 to 1024, not '2n'");
  assertEquals(said(["-hz"]), "Unknown flag '-hz'; help");
  assertEquals(said(["-hepl"]), "Unknown flag '-hepl', did you mean '--help'?");
});
