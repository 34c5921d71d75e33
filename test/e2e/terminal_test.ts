// What a person at a terminal sees, on a screen kept by tmux.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { rigTest } from "../rig.ts";
import { anyOrder } from "./said.ts";
import { hasTmux, Screen } from "./screen.ts";

// S0.58
rigTest("build on a terminal shows below the lines who does what, and leaves nothing of that", async (rig) => {
  const names = ["one", "two", "three"];
  const held = names.map((name) => rig.hold(name));
  rig.write("build.json", {
    tasks: [
      { name: "bad", output_artifact: "bad", command: "exit 1" },
      ...held.map(({ name, command }) => ({ name, output_artifact: name, command })),
      { name: "last", dependencies: names, output_artifact: "last" },
    ],
  });
  await using screen = new Screen(rig);
  await screen.run([rig.program], { rows: 24 });
  const shown = await screen.shows(/1\/5 tasks, 3 running, 1 failed/);
  for (const name of names) assertMatch(shown, new RegExp(`^ +\\d ${name} \\d+\\.\\ds$`, "m"));
  assertMatch(shown, /\n━+ 1\/5 tasks, 3 running, 1 failed\n$/);
  held[1].release();
  const later = await screen.shows(/2\/5 tasks, 2 running, 1 failed/);
  assert(!/^ +\d two /m.test(later));
  held[0].release();
  held[2].release();
  const history = await screen.shows(/^END 1$/m, "history");
  assertEquals(
    anyOrder(history),
    [
      "Build completed in #s: 4 succeeded, 1 failed, 0 skipped",
      "END 1",
      ...[...names, "last"].map((name) => `Worker N: Completed task '${name}' in #s (artifact: ${name})`).sort(),
      "Worker N: Failed task 'bad' after #s (error: Command failed with exit code 1)",
      "Worker N: Started task 'bad' (dependencies: none)",
      "Worker N: Started task 'last' (dependencies: one, two, three)",
      ...names.map((name) => `Worker N: Started task '${name}' (dependencies: none)`).sort(),
    ].sort(),
  );
}, { ignore: !hasTmux });

rigTest("build shows no more of its workers than the terminal has room for", async (rig) => {
  const names = Array.from({ length: 12 }, (_, i) => `t${i}`);
  const all = rig.hold("all");
  rig.write("build.json", {
    num_workers: 12,
    tasks: names.map((name) => ({ name, output_artifact: name, command: `: ${name}; ${all.command}` })),
  });
  await using screen = new Screen(rig);
  await screen.run([rig.program], { rows: 8 });
  const shown = await screen.shows(/and 7 more\n━+ 0\/12 tasks, 12 running/);
  assertEquals(shown.match(/^ +\d+ t\d+ /gm)?.length, 5);
  for (const _ of names) all.release();
  const history = await screen.shows(/^END 0$/m, "history");
  assertEquals(anyOrder(history).filter((line) => !/^Worker N: (Started|Completed) task 't\d+' /.test(line)), [
    "Build completed in #s: 12 succeeded, 0 failed, 0 skipped",
    "END 0",
  ]);
  assertEquals(history.match(/\n/g)?.length, 26);
}, { ignore: !hasTmux });

const quiet: [string, Record<string, string>][] = [
  ["NO_COLOR", { NO_COLOR: "1" }],
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

rigTest("build on a terminal colours failures, and nothing where there is no terminal", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "bad", output_artifact: "bad", command: "exit 1" }] });
  await using screen = new Screen(rig);
  await screen.run([rig.program], { rows: 24 });
  assertStringIncludes(await screen.showsInColour(/^END 1$/m), "\x1b[31mWorker 1: Failed task 'bad'");
  assert(!(await rig.build()).stdout.includes("\x1b"));
}, { ignore: !hasTmux });
