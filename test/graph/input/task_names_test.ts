import { assertEquals } from "@std/assert";
import { meaningOf, unknownTask, unknownWord } from "../../../graph/input/task_names.ts";

const NAMES = [
  "utils:lint",
  "utils:test",
  "web:lint",
  "web:test",
  "api:test",
  "db:test",
  "all",
  "a*",
  "ab",
  "app/[id]",
];

/** What words mean, by name. */
function meant(...words: string[]): string[] {
  const { indexes, unknown } = meaningOf(words, NAMES);
  return [...indexes.map((index) => NAMES[index]), ...unknown.map((word) => `? ${word}`)];
}

// S6.2
Deno.test("meaningOf() takes a word for the task of that name, and else for a pattern", () => {
  assertEquals(meant("all", "web:*"), ["all", "web:lint", "web:test"]);
  assertEquals(meant("*:lint"), ["utils:lint", "web:lint"]);
  assertEquals(meant("?b:*"), ["db:test"]);
  assertEquals(meant("a*"), ["a*"]);
  assertEquals(meant("a**"), ["api:test", "all", "a*", "ab", "app/[id]"]);
  assertEquals(meant("*"), NAMES);
  assertEquals(meant("app/[id]", "app/[a-z]"), ["app/[id]", "? app/[a-z]"]);
  assertEquals(meant("w*t", "none*", "nothing"), ["web:lint", "web:test", "? none*", "? nothing"]);
  assertEquals(meant("web:tes?", "web:test?", "?"), ["web:test", "? web:test?", "? ?"]);
});

// S6.2
Deno.test("meaningOf() takes no long time over a pattern of many stars", () => {
  const names = ["a".repeat(20_000)];
  assertEquals(meaningOf([`${"*a".repeat(50)}*b`], names).unknown.length, 1);
  assertEquals(meaningOf(["*".repeat(1000)], names).indexes, [0]);
});

// S6.2
Deno.test("unknownTask() offers the nearest name, or those that the word is a part of", () => {
  const said = (word: string, names = NAMES) => unknownTask(word, names);
  assertEquals(said("web:tset"), "Unknown task 'web:tset', did you mean 'web:test'?");
  assertEquals(said("lint"), "Unknown task 'lint', did you mean one of the tasks 'utils:lint' and 'web:lint'?");
  assertEquals(
    said("test"),
    "Unknown task 'test', did you mean one of the tasks 'utils:test', 'web:test', 'api:test', … or all 4 by '*:test'?",
  );
  assertEquals(said("tset"), said("test").replace("'test'", "'tset'"));
  assertEquals(said("utils"), "Unknown task 'utils', did you mean one of the tasks 'utils:lint' and 'utils:test'?");
  assertEquals(said("dance"), "Unknown task 'dance'");
  assertEquals(said("wbe:*"), "No task matches 'wbe:*', did you mean 'web:*'?");
  assertEquals(said("z*"), "No task matches 'z*'");
  assertEquals(said("\x1b[2J"), "Unknown task '\\u001b[2J'");
  assertEquals(said("x", []), "Unknown task 'x'");
  // K37
  assertEquals(said("CC=gcc"), "Unknown task 'CC=gcc'; a variable is set before the word troupe");
});

// S6.2
Deno.test("unknownWord() offers commands and tasks", () => {
  const said = (word: string, names = NAMES) => unknownWord(word, ["build", "list", "check"], names);
  assertEquals(said("biuld"), "Unknown command or task 'biuld', did you mean the command 'build'?");
  assertEquals(said("web:lnt"), "Unknown command or task 'web:lnt', did you mean the task 'web:lint'?");
  assertEquals(
    said("lst", ["last"]),
    "Unknown command or task 'lst', did you mean the command 'list' or the task 'last'?",
  );
  assertEquals(said("dance"), "Unknown command or task 'dance'; see troupe --help and troupe list");
  assertEquals(said("wbe:*"), "No task matches 'wbe:*', did you mean 'web:*'?");
  assertEquals(said("biuld", []), "Unknown command 'biuld', did you mean 'build'?");
  assertEquals(said("dance", []), "Unknown command 'dance'; see troupe --help");
});
