import { assertEquals } from "@std/assert";
import { configAbove, fileTurnsOn, turnsOn } from "../../../actors/sandbox/deno_config.ts";
import { TempFolder } from "../temp_folder.ts";

const ON = '{ "unstable": ["kv", "worker-options"] }', OFF = '{ "unstable": ["kv"] }';

/** Files by path, and whether Deno 2.9 has the option on for a program in `a/b`. */
const CASES: readonly (readonly [isOn: boolean, files: Readonly<Record<string, string>>])[] = [
  [false, {}],
  [true, { "a/b/deno.json": ON }],
  [true, { "deno.json": ON }],
  [false, { "a/b/deno.json": OFF, "deno.json": ON }],
  [false, { "a/b/package.json": "{}", "deno.json": ON }],
  [false, { "a/b/deno.json": OFF, "a/b/deno.jsonc": ON }],
  // The word alone does not do it
  [false, { "deno.json": '{ "tasks": { "worker-options": "x" } }' }],
  [false, { "deno.jsonc": '{ // "unstable": ["worker-options"]\n }' }],
  [true, { "deno.jsonc": '{ "unstable": ["worker-options",], /* all */ }' }],
  // Of a workspace the root counts, for its members
  [true, { "deno.json": '{ "workspace": ["a/b"], "unstable": ["worker-options"] }', "a/b/deno.json": OFF }],
  [true, { "deno.json": '{ "workspace": ["./a/b/"], "unstable": ["worker-options"] }', "a/b/package.json": "{}" }],
  [true, {
    "deno.json": '{ "workspace": { "members": ["a/*"] }, "unstable": ["worker-options"] }',
    "a/b/deno.json": "{}",
  }],
  [false, { "deno.json": '{ "workspace": ["a/b"] }', "a/b/deno.json": ON }],
  [false, { "deno.json": '{ "workspace": ["a/c"], "unstable": ["worker-options"] }', "a/b/deno.json": OFF }],
  [true, { "deno.json": '{ "workspace": ["a/c"] }', "a/b/deno.json": ON }],
  [true, { "deno.json": '{ "workspace": ["a/c"], "unstable": ["worker-options"] }' }],
  // What Deno itself stumbles over, or nobody may see, is none of ours
  [true, { "deno.json": '{ "unstable": [' }],
];

// K59
Deno.test("turnsOn() knows the configuration that is in force, and what it says", () => {
  for (const [isOn, files] of CASES) {
    using folder = new TempFolder();
    Deno.mkdirSync(folder.file("a/b"), { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      Deno.writeTextFileSync(folder.file(path), text);
    }
    assertEquals(turnsOn("worker-options", folder.file("a/b")), isOn, JSON.stringify(files));
    const [only] = Object.keys(files).filter((path) => path.includes("deno"));
    if (Object.keys(files).length !== 1) continue;
    assertEquals(fileTurnsOn("worker-options", folder.file(only)), isOn);
    assertEquals(configAbove(folder.file("a/b")), folder.file(only));
  }
});
