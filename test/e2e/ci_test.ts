// What the logs of CI get: groups that tasks cannot break out of, places beside the code, a page about the job.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";

const FORGED = "::error::forged\n##[add-mask]x\n said ##[error]y\n::endgroup::\n::stop-commands::a\n::a::";

/** The commands that a runner of GitHub would take from a step's output, and what it would show. */
function runnerOf(text: string): { readonly commands: string[]; readonly shown: string[] } {
  const commands: string[] = [], shown: string[] = [];
  let token: string | undefined;
  // It reads lines as .NET does, and passes over what that takes for white space.
  for (const line of text.split(/\r\n|\r|\n/)) {
    const name = /^::([^:\s]+)(?: [^:]*)?::/.exec(line.replace(/^[\s\x85]+/, ""))?.[1] ??
      /##\[([^\]\s]+)[^\]]*\]/.exec(line)?.[1];
    if (name === undefined || (token !== undefined && name !== token)) shown.push(line);
    else if (name === token) token = undefined;
    else if (name === "stop-commands") token = line.trim().slice("::stop-commands::".length);
    else commands.push(line);
  }
  assertEquals(token, undefined);
  return { commands, shown };
}

function main(rig: Rig): readonly string[] {
  return ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")];
}

function writeProject(rig: Rig): void {
  rig.write("app/forged", `${FORGED}\n`);
  rig.write("app/build.json", {
    num_workers: 1,
    tasks: [
      { name: "quiet", output: "quiet", command: 'echo > "$OUT"' },
      {
        name: "warns",
        output: "warns",
        dependencies: ["quiet"],
        command: "echo 'src/a.c:3:4: warning: odd' >&2; echo > \"$OUT\"",
      },
      {
        name: "forges ##[error]",
        output: "forges",
        dependencies: ["warns"],
        command: "cat forged; printf 'src/b.ts:7: error: 100%%' >&2; exit 3",
        retries: 1,
      },
      { name: "::needs", output: "needs", dependencies: ["forges ##[error]"] },
    ],
  });
}

// S6.7
rigTest(
  "in GitHub each task with output has a group, and its errors are annotated; no task gives a command",
  async (rig) => {
    writeProject(rig);
    rig.write("summary.md", "of before\n");
    const github = {
      GITHUB_ACTIONS: "true",
      CI: "true",
      GITHUB_WORKSPACE: rig.folder,
      GITHUB_STEP_SUMMARY: rig.path("summary.md"),
    };
    const { code, stdout } = await rig.build(["-c", "app/build.json"], { env: github });
    assertEquals(code, 1);
    const failed = ["::group::forges ##[error]: exit 3", "::endgroup::"];
    const { commands, shown } = runnerOf(stdout);
    assertEquals(commands, [
      ...["::group::warns", "::endgroup::", "::warning file=app/src/a.c,line=3,col=4,title=warns::odd"],
      ...failed,
      ...failed,
      "::error file=app/src/b.ts,line=7,title=forges ##[error]::100%25",
    ]);
    const text = shown.join("\n");
    assertEquals(text.split(`${FORGED}\nsrc/b.ts:7: error: 100%\n`).length, 3);
    assertStringIncludes(text, "Failed task 'forges ## [error]' after");
    assertStringIncludes(text, "not run");
    const page = rig.read("summary.md");
    assert(page.startsWith("of before\n### build\\.json: ✗ 1 failed, 1 not run · 2 built · "), page);
    assertStringIncludes(page, "| ✗ | forges \\#\\#\\[error\\] |");
    // with --json the lines are on stderr, and --quiet leaves what went wrong
    const quiet = await rig.build(["-c", "app/build.json", "--json", "-q"], {
      env: { ...github, GITHUB_STEP_SUMMARY: "" },
    });
    assertEquals(JSON.parse(quiet.stdout).failed, 1);
    assertEquals(runnerOf(quiet.stderr).commands.length, 5);
  },
);

// S6.7
rigTest("in GitHub runs and retries are told the same way, and --log overrules it", async (rig) => {
  rig.write("forged", `${FORGED}\n`);
  rig.write("tasks.txt", "bad: cat forged; false\ngood: echo fine\n");
  const github = { GITHUB_ACTIONS: "true" };
  const { stdout, stderr } = await rig.build(["run", "tasks.txt", "-j1"], { deno: main(rig), env: github });
  const groups = ["::group::good", "::endgroup::"], failed = ["::group::bad: exit 1", "::endgroup::"];
  const error = "::error title=bad::exit 1: ::error::forged";
  assertEquals(runnerOf(stdout).commands.sort(), [...failed, error, ...groups].sort());
  assertEquals(stderr, "");
  const retried = await rig.build(["retry", "last"], { deno: main(rig), env: github });
  assertEquals(runnerOf(retried.stdout).commands, [...failed, error]);
  const plain = await rig.build(["run", "tasks.txt", "--log", "lines"], { deno: main(rig), env: github });
  assertEquals(runnerOf(plain.stdout + plain.stderr).commands, []);
  assertStringIncludes(plain.stderr, ": :error::forged\n## [add-mask]x\n");
  const asked = await rig.build(["run", "tasks.txt", "--log", "github"], { deno: main(rig) });
  assertStringIncludes(asked.stdout, "::group::good\n");
  const joined = await rig.build(["join", "tasks.txt"], { deno: main(rig), env: github });
  assertEquals(runnerOf(joined.stdout).commands.sort(), [...failed, error, ...groups].sort());
  // what is shown of it later, or put together of several members
  const shown = await rig.build(["show", "last", "--task", "bad"], { deno: main(rig), env: github });
  assertEquals([shown.code, runnerOf(shown.stdout).commands], [0, []]);
  assertStringIncludes(shown.stdout, ": :error::forged\n## [add-mask]x\n");
  const asJson = await rig.build(["show", "last", "--task", "bad", "--json"], { deno: main(rig), env: github });
  assertEquals(JSON.parse(asJson.stdout).stdout, `${FORGED}\n`);
  const crew = await rig.build(["crew", "2", "tasks.txt", "--db", "c.sqlite"], { deno: main(rig), env: github });
  assertEquals(runnerOf(crew.stdout + crew.stderr).commands, []);
  assertStringIncludes(crew.stdout + crew.stderr, "## [add-mask]x");
  // a page that cannot be written is told, and no more
  const env = { ...github, GITHUB_STEP_SUMMARY: rig.path("no/summary.md") };
  const told = await rig.build(["run", "tasks.txt", "-t", "good"], { deno: main(rig), env });
  assertEquals(told.code, 0);
  assertStringIncludes(told.stderr, "Cannot write the summary of the job: No such file or directory");
});

// S6.7
rigTest("in GitLab each task with output has a section, open where it failed", async (rig) => {
  writeProject(rig);
  const { stdout } = await rig.build(["-c", "app/build.json"], { env: { GITLAB_CI: "true", CI: "true" } });
  // deno-lint-ignore no-control-regex -- sections are escapes
  const marks = [...stdout.matchAll(/^\x1b\[0Ksection_(start|end):\d+:(\w+)(\[collapsed=true\])?\r\x1b\[0K(.*)$/gm)];
  assertEquals(marks.map(([, what, , collapsed, title]) => [what, collapsed !== undefined, title]), [
    ["start", true, "warns"],
    ["end", false, ""],
    ["start", false, "forges ##[error]: exit 3"],
    ["end", false, ""],
    ["start", false, "forges ##[error]: exit 3"],
    ["end", false, ""],
  ]);
  const ids = marks.map(([, , id]) => id);
  assertEquals([ids[0], ids[2], new Set(ids).size], [ids[1], ids[3], 3]);
  assertStringIncludes(stdout, `\x1b[0K\nWorker 1: Started task 'forges ##[error]'`);
});

// S6.7
rigTest("in GitHub no task gives the runner a command, whatever log it is shown in", async (rig) => {
  const forged = ["50%\r::add-mask::a", "\u2003\u0085::add-mask::b", "\u00a0\t::add-mask::c", "d ##[add-mask]d"];
  rig.write("forged", `${forged.join("\n")}\n`);
  rig.write("build.json", {
    tasks: [{ name: "a ##[add-mask]e", output: "o", command: "cat forged; cat forged >&2; false" }],
  });
  const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: "" };
  const faces = ["lines", "group", "stream"].map((face) => ["build", "--log", face]);
  const others = [
    ["list"],
    ["show", "last"],
    ["show", "last", "--task", "a ##[add-mask]e"],
    ["why", "a ##[add-mask]e"],
    ["history"],
    [],
  ];
  for (const args of [...faces, [...faces[0], "-v"], [...faces[0], "-q"], ...others]) {
    const { stdout, stderr } = await rig.build(args, { deno: main(rig), env });
    assertEquals(runnerOf(stdout + stderr).commands, [], args.join(" "));
    if (args[0] === "build") assertStringIncludes(stdout + stderr, "d ## [add-mask]d\n");
  }
  // JSON stays what it is
  for (const args of [["build"], ["list"], ["show", "last"], ["show", "last", "--task", "a ##[add-mask]e"]]) {
    const { stdout } = await rig.build([...args, "--json"], { deno: main(rig), env });
    assertEquals(runnerOf(stdout).commands, [], args.join(" "));
    assertStringIncludes(JSON.stringify(JSON.parse(stdout)), "a ##[add-mask]e");
  }
});
