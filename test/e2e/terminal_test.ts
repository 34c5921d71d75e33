// What a person at a terminal sees, on a screen kept by tmux.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { rigTest } from "../rig.ts";
import { picturesOf } from "../pictures.ts";
import { hasTmux, Screen } from "./screen.ts";

// S0.58, S6.4, S6.5, S6.6
rigTest("build on a terminal shows what went wrong, below it what runs, and at the end how it went", async (rig) => {
  const names = ["one", "two", "three"];
  const held = names.map((name) => rig.hold(name));
  rig.write("build.json", {
    tasks: [
      { name: "bad", output_artifact: "bad", command: "echo 'src/a.c:3:1: error: no luck' >&2; exit 1" },
      { name: "warns", output_artifact: "warns", command: "echo 'src/b.c:7:2: warning: odd' >&2; echo w > $OUT" },
      { name: "chats", output_artifact: "chats", command: "echo 'Checked 3 files' >&2; echo c > $OUT" },
      ...held.map(({ name, command }) => ({ name, output_artifact: name, command })),
      { name: "last", dependencies: names, output_artifact: "last" },
      { name: "never", dependencies: ["bad"], output_artifact: "never" },
    ],
  });
  await using screen = new Screen(rig);
  await screen.run([rig.program], { rows: 24 });
  const shown = await screen.shows(/▸.*\n.* 4\/8 {2}✗1\n/);
  for (const name of names) assertMatch(shown, new RegExp(`▸ ${name} \\d+\\.\\d+s`));
  assertMatch(shown, /\n━{10}─{10} 4\/8 {2}✗1\n$/);
  held[1].release();
  const later = await screen.shows(/ 5\/8 {2}✗1/);
  assert(!later.includes("▸ two"));
  held[0].release();
  held[2].release();
  const history = await screen.shows(/^END 1$/m, "history");
  const lines = history.replace(/\d+\.\d+s/g, "#s").split("\n");
  const heads = lines.slice(0, lines.findIndex((line) => line.startsWith("✗ 1 failed"))).sort();
  assertEquals(heads, [
    "    src/a.c:3:1: error: no luck",
    "⚠ warns  #s  src/b.c:7:2 odd",
    "✗ bad  #s  exit 1  src/a.c:3:1",
  ]);
  assertEquals(lines.slice(heads.length), [
    "✗ 1 failed, 1 not run · 6 built · ⚠ 1 warned · #s",
    "  bad      exit 1  src/a.c:3:1 no luck",
    "  not run  never (needs bad)",
    "  troupe show last --task bad · troupe retry last",
    "END 1",
    "",
  ]);
}, { ignore: !hasTmux });

// S6.5
rigTest("build shows no more of what runs than the terminal has room for", async (rig) => {
  const names = Array.from({ length: 12 }, (_, i) => `task_number_${i}`);
  const all = rig.hold("all");
  rig.write("build.json", {
    num_workers: 12,
    tasks: names.map((name) => ({ name, output_artifact: name, command: `: ${name}; ${all.command}` })),
  });
  await using screen = new Screen(rig);
  await screen.run([rig.program], { rows: 8 });
  const shown = await screen.shows(/ {2}\+(8|9)\n─+ 0\/12/);
  assertEquals(shown.trimEnd().split("\n").length, 2);
  for (const _ of names) all.release();
  const history = await screen.shows(/^END 0$/m, "history");
  assertMatch(history, /^✓ 12 built · \d+\.\d+s\nEND 0\n$/);
}, { ignore: !hasTmux });

// S6.6
rigTest("build on a terminal says in one line that there is nothing to do", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output_artifact: "a", content: "a" }] });
  await rig.build();
  await using screen = new Screen(rig);
  await screen.run([rig.program], { rows: 24 });
  assertMatch(
    await screen.shows(/^END 0$/m, "history"),
    /^Nothing to do: 1 task is up to date \(\d+\.\d\ds\)\nEND 0\n$/,
  );
}, { ignore: !hasTmux });

// S6.5
for (const [columns, rows] of [[40, 10], [80, 24], [200, 50]]) {
  rigTest(
    `no picture of a terminal of ${columns} by ${rows} is blank or torn while tasks fail, print and end`,
    async (rig) => {
      const command = (i: number) =>
        i % 5 === 0 ? `seq 1 ${i}; echo "$(printf 'é%.0s' $(seq 1 200))"; exit 1` : `echo ${i} > $OUT`;
      rig.write("build.json", {
        num_workers: 4,
        tasks: Array.from(
          { length: 100 },
          (_, i) => ({ name: `t${i}`, output_artifact: `o/${i}`, command: command(i) }),
        ),
      });
      const terminal = rig.terminal(["build.json"], { columns, rows });
      assertEquals(await terminal.ended, 1);
      const pictures = await picturesOf(terminal.shown, { columns, rows });
      const last = pictures.pop()!;
      assert(pictures.length > 20, `${pictures.length} pictures`);
      for (const picture of pictures) {
        assertEquals(picture.filter((line) => /^[━─]{4,} \d+\/100/.test(line)).length, 1, picture.join("\n"));
        assertMatch(picture.findLast((line) => line !== "") ?? "", /^[━─]{4,} \d+\/100/);
      }
      assert(!last.some((line) => /[━─▸]/.test(line)), last.join("\n"));
    },
  );
}

// S6.4
rigTest("--log says how a build shows itself, on a terminal or off", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "a", output_artifact: "a", command: "echo one; echo two; echo a > $OUT" }],
  });
  const told = async (face: string) => {
    const { stdout, code } = await rig.build(["-f", "--log", face, "build.json"]);
    assertEquals(code, 0);
    return stdout.replace(/\d+\.\d+s/g, "#s").split("\n").slice(0, -2);
  };
  const started = "Worker 1: Started task 'a' (dependencies: none)";
  const completed = "Worker 1: Completed task 'a' in #s (artifact: a)";
  assertEquals(await told("lines"), [started, completed]);
  assertEquals(await told("live"), [started, completed]);
  assertEquals(await told("group"), [started, completed, "one", "two"]);
  assertEquals(await told("stream"), [started, "a | one", "a | two", completed]);
  const { code, stderr } = await rig.build(["--log", "loud"]);
  assertEquals([code, stderr], [2, "--log must be one of lines, live, stream, group, github, gitlab, not 'loud'\n"]);
});

const quiet: [string, Record<string, string>][] = [
  ["CI", { CI: "true" }],
  ["TERM=dumb", { TERM: "dumb" }],
];
for (const [name, env] of quiet) {
  rigTest(`build on a terminal shows neither colour nor display with ${name}`, async (rig) => {
    const held = rig.hold("held");
    rig.write("build.json", {
      tasks: [
        { name: "bad", output_artifact: "bad", command: "exit 1" },
        { name: "held", output_artifact: "held", command: held.command },
      ],
    });
    await using screen = new Screen(rig);
    await screen.run([rig.program], { rows: 24, env });
    await held.started();
    const shown = await screen.shows(
      /Started task 'held'[^]*Failed task 'bad'|Failed task 'bad'[^]*Started task 'held'/,
    );
    assert(!shown.includes("━"));
    held.release();
    assert(!(await screen.showsInColour(/^END 1$/m)).includes("\x1b["));
  }, { ignore: !hasTmux });
}

// K40
rigTest("build on a terminal keeps its display with NO_COLOR, which is about colour alone", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", { tasks: [{ name: "held", output_artifact: "held", command: held.command }] });
  await using screen = new Screen(rig);
  await screen.run([rig.program], { rows: 24, env: { NO_COLOR: "1" } });
  assert(!(await screen.showsInColour(/▸ held .*\n─+ 0\/1/)).includes("\x1b["));
  held.release();
  assert(!(await screen.showsInColour(/^END 0$/m)).includes("\x1b["));
}, { ignore: !hasTmux });

// K40
rigTest("with NO_COLOR nothing on a terminal has a colour, failures included", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "bad", output_artifact: "bad", command: "exit 1" }] });
  // deno-lint-ignore no-control-regex
  const colour = /\x1b\[(?!0?m)[\d;]*m/;
  for (const [env, isColoured] of [[{ NO_COLOR: "1" }, false], [{}, true]] as const) {
    const terminal = rig.terminal([], { env });
    assertEquals(await terminal.ended, 1);
    assertEquals([terminal.shown.includes("✗ bad"), colour.test(terminal.shown)], [true, isColoured], terminal.shown);
  }
});

// K40
rigTest("FORCE_COLOR colours what goes to a pipe, and is handed on to commands", async (rig) => {
  const command = 'echo "<$FORCE_COLOR>" > "$OUT"; exit 1';
  rig.write("build.json", {
    tasks: [{ name: "bad", output_artifact: "bad", command: `echo "<$FORCE_COLOR>"; ${command}` }],
  });
  const { stdout } = await rig.start([], { env: { FORCE_COLOR: "3" } }).ended;
  assertStringIncludes(stdout, "\x1b[31mWorker 1: Failed task 'bad'");
  assertStringIncludes(stdout, "<3>\n");
});

rigTest("build on a terminal colours failures, and nothing where there is no terminal", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "bad", output_artifact: "bad", command: "exit 1" }] });
  await using screen = new Screen(rig);
  await screen.run([rig.program], { rows: 24 });
  assertStringIncludes(await screen.showsInColour(/^END 1$/m), "\x1b[31m✗ bad  ");
  assert(!(await rig.build()).stdout.includes("\x1b"));
}, { ignore: !hasTmux });
