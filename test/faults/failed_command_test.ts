import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertOrderly, Project, said, until } from "./rig.ts";

/** A task that copies the source. */
const good = (name: string) => ({
  name,
  output: outputOf(name),
  source_files: ["src.txt"],
  command: `: ${name}; cat $IN > "$OUT"`,
});
const outputOf = (name: string) => `out/${name}.txt`;

const HALF = 'head -c 100 src.txt > "$OUT"';
const HALF_IN_PLACE = 'head -c 100 src.txt > "out/$TASK.txt"';
const HOLD = ': > "held-$TASK"; read -r _ < hold';

interface Case {
  readonly command: string;
  /** What is said to fail. */
  readonly error: string;
  /** Whether the last good artifact stands: it does unless the command wrote over it. */
  readonly stands: boolean;
  readonly timeout?: number;
  readonly expected_sha256?: string;
}

const WRONG_SHA256 = "0".repeat(64);

const CASES: Readonly<Record<string, Case>> = {
  "exits after half of $OUT": { command: `${HALF}; exit 3`, error: "exit code 3", stands: true },
  "exits after half of its output in place": {
    command: `${HALF_IN_PLACE}; exit 3`,
    error: "exit code 3",
    stands: false,
  },
  "exits after both": { command: `${HALF}; ${HALF_IN_PLACE}; exit 3`, error: "exit code 3", stands: false },
  "is killed": { command: `${HALF}; kill -KILL $$`, error: "signal SIGKILL", stands: true },
  "times out after half of $OUT": { command: `${HALF}; ${HOLD}`, timeout: 0.3, error: "Timed out", stands: true },
  "times out in place": { command: `${HALF_IN_PLACE}; ${HOLD}`, timeout: 0.3, error: "Timed out", stands: false },
  "times out and ignores TERM": {
    command: `trap '' TERM; ${HALF}; ${HOLD}`,
    timeout: 0.3,
    error: "Timed out",
    stands: true,
  },
  "makes a folder of $OUT": {
    command: 'mkdir -p "$OUT/deep" && : > "$OUT/deep/x" && exit 1',
    error: "exit code 1",
    stands: true,
  },
  "leaves a folder at $OUT": { command: 'mkdir "$OUT"', error: "Cannot publish artifact", stands: true },
  "leaves a child that goes on writing $OUT": {
    command: `(trap '' TERM; while :; do echo x >> "$OUT"; done) & ${HALF}; exit 4`,
    error: "exit code 4",
    stands: true,
  },
  // S0.40
  "writes $OUT with another digest": {
    command: HALF,
    expected_sha256: WRONG_SHA256,
    error: "expected 0000",
    stands: true,
  },
  "writes another digest in place": {
    command: HALF_IN_PLACE,
    expected_sha256: WRONG_SHA256,
    error: "expected 0000",
    stands: false,
  },
};

/** A project in which good tasks have made their artifacts. */
async function built(names: readonly string[]): Promise<Project> {
  const project = new Project(names.map(good));
  project.write("src.txt", "source text\n".repeat(100));
  project.fifo("hold");
  assertEquals((await project.build()).code, 0);
  return project;
}

/** The last good artifacts stand where they should, and good commands find what they need. */
async function assertRecovers(project: Project, stands: Readonly<Record<string, boolean>>, context: string) {
  const whole = project.read("src.txt");
  assertEquals(project.temporaries(), [], context);
  for (const [name, isThere] of Object.entries(stands)) {
    assertEquals(project.has(outputOf(name)), isThere, `${name}\n${context}`);
    if (isThere) assertEquals(project.read(outputOf(name)), whole, `${name}\n${context}`);
  }
  project.configure(Object.keys(stands).map(good));
  const recovery = await project.build({ args: ["--no-store"] });
  assertEquals(recovery.code, 0, said(recovery));
  for (const [name, isThere] of Object.entries(stands)) {
    assertEquals(recovery.stdout.includes(`: Completed task '${name}'`), !isThere, `${name}\n${said(recovery)}`);
    assertEquals(project.read(outputOf(name)), whole, `${name}\n${said(recovery)}`);
  }
  assertEquals(project.temporaries(), []);
}

// S0.39, S0.40
Deno.test("commands that fail in any way leave no temporary file, and the last artifact unless they wrote over it", async () => {
  const names = Object.keys(CASES);
  // The names of tasks are file names here.
  const tasks = new Map(names.map((name) => [name, name.replaceAll(/\W+/g, "-")]));
  using project = await built([...tasks.values()]);
  project.configure(names.map((name) => {
    const { error: _, stands: __, ...more } = CASES[name];
    return { ...good(tasks.get(name)!), ...more };
  }));
  const failed = await project.build({ args: ["--grace", "0.1"] });
  assertEquals(failed.code, 1, said(failed));
  assertOrderly(failed);
  for (const [name, task] of tasks) {
    const [line] = failed.stdout.split("\n").filter((line) => line.includes(`: Failed task '${task}' `));
    assertStringIncludes(line ?? "", CASES[name].error, `a command that ${name}\n${said(failed)}`);
  }
  await assertRecovers(
    project,
    Object.fromEntries([...tasks].map(([name, task]) => [task, CASES[name].stands])),
    said(failed),
  );
});

// S0.39
Deno.test("commands that are cancelled after half of their artifacts leave no temporary file", async () => {
  using project = await built(["temporary", "place"]);
  project.configure([
    { ...good("temporary"), command: `${HALF}; ${HOLD}` },
    { ...good("place"), command: `${HALF_IN_PLACE}; ${HOLD}` },
  ]);
  const running = project.start();
  await until(() => project.has("held-temporary") && project.has("held-place"), "the commands are held");
  running.kill("SIGINT");
  const ended = await running.ended;
  assertEquals(ended.code, 130, said(ended));
  assertEquals(ended.stdout.match(/Cancelled task '/g)?.length, 2, said(ended));
  await assertRecovers(project, { temporary: true, place: false }, said(ended));
});

Deno.test("a retry begins without what the failed attempt wrote", async () => {
  using project = new Project([{
    ...good("a"),
    retries: 1,
    command: 'echo "$TASK" >> "$OUT"; if [ -e tried ]; then exit 0; fi; : > tried; exit 1',
  }]);
  project.write("src.txt", "source");
  const ended = await project.build();
  assertEquals([ended.code, project.read(outputOf("a"))], [0, "a\n"], said(ended));
  assert(ended.stdout.includes("retry 1 of 1"), said(ended));
  assertEquals(project.temporaries(), []);
});
