// `--help` everywhere, and `troupe help`.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { PAGES } from "../../cli/help/pages.ts";
import { plainText } from "../pty.ts";
import { type Ended, type Rig, rigTest } from "../rig.ts";
import schema from "../../schema.json" with { type: "json" };

function troupe(rig: Rig, args: string[]): Promise<Ended> {
  return rig.ask(args);
}

// S6.3
rigTest("help COMMAND and COMMAND --help are one, whatever else stands there", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "a", content: "a" }] });
  for (const { command, summary } of PAGES) {
    const [help, flag] = await Promise.all([troupe(rig, ["help", command]), troupe(rig, [command, "--help"])]);
    assertEquals([help.code, help.stderr, help.stdout], [0, "", flag.stdout], command);
    assert(help.stdout.startsWith(summary.slice(0, 40)), command);
  }
  assertStringIncludes((await troupe(rig, ["crew", "4", "build.json", "-h"])).stdout, "Usage: troupe crew N");
  assertStringIncludes((await troupe(rig, ["a", "--help"])).stdout, "Usage: troupe build");
  assertEquals(rig.files(), ["build.json"]);
});

// S6.3
rigTest("help has pages about configs, CI and exit codes, and guesses what was meant", async (rig) => {
  assertStringIncludes((await troupe(rig, ["help", "config"])).stdout, "\nKeys of a task:\n");
  assertStringIncludes((await troupe(rig, ["help", "ci"])).stdout, "GitHub Actions");
  assertMatch((await troupe(rig, ["help", "exit-codes"])).stdout, /^ {2}70 +a bug in troupe/m);
  const list = await troupe(rig, ["help"]);
  assertEquals(list.stdout, (await troupe(rig, ["--help"])).stdout);
  assertEquals((await troupe(rig, ["-h"])).stdout, list.stdout);
  const { code, stderr } = await troupe(rig, ["help", "exit"]);
  assertEquals([code, stderr], [2, "No help about 'exit'; see troupe help\n"]);
  assertEquals((await troupe(rig, ["help", "biuld"])).stderr, "No help about 'biuld', did you mean 'build'?\n");
});

// S6.3
rigTest("help has bold titles only where there is colour, and the width of the terminal", async (rig) => {
  assert(!(await troupe(rig, ["build", "-h"])).stdout.includes("\x1b"));
  assertStringIncludes((await rig.build(["-h"], { env: { FORCE_COLOR: "1" } })).stdout, "\x1b[1mFiles:\x1b[22m\n");
  const terminal = rig.terminal(["run", "-h"], { columns: 60 });
  assertEquals(await terminal.ended, 0);
  assertStringIncludes(terminal.shown, "\x1b[1mExit codes:\x1b[22m");
  const lines = plainText(terminal.shown).split("\n").filter((line) => line.startsWith("  ") && !/troupe /.test(line));
  for (const line of lines) assert(line.length <= 60, line);
});

// S6.17
rigTest("schema prints the schema", async (rig) => {
  const { code, stdout } = await troupe(rig, ["schema"]);
  assertEquals([code, JSON.parse(stdout)], [0, schema]);
});
