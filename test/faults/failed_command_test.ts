import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertOrderly, executed, Project, said, until } from "./rig.ts";

const OUTPUT = "out/a.txt";
const GOOD = { name: "a", output: OUTPUT, source_files: ["src.txt"], command: 'cat $IN > "$OUT"' };
const HALF = 'head -c 100 src.txt > "$OUT"';
const HALF_IN_PLACE = `head -c 100 src.txt > ${OUTPUT}`;
const HOLD = ": > held; read -r _ < hold";

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

function makeProject(): Project {
  const project = new Project([GOOD]);
  project.write("src.txt", "source text\n".repeat(100));
  project.fifo("hold");
  return project;
}

/** The last good artifact stands where it should, and a good command finds what it needs. */
async function assertRecovers(project: Project, { stands, context }: { stands: boolean; context: string }) {
  assertEquals(project.temporaries(), [], context);
  assertEquals(project.has(OUTPUT), stands, context);
  if (stands) assertEquals(project.read(OUTPUT), project.read("src.txt"), context);
  project.configure([GOOD]);
  const good = await project.build();
  assertEquals([good.code, executed(good)], [0, stands ? 0 : 1], `${context}\n${said(good)}`);
  assertEquals(project.read(OUTPUT), project.read("src.txt"), context);
  assertEquals(project.temporaries(), [], context);
}

// S0.39, S0.40
for (const [name, { command, error, stands, ...more }] of Object.entries(CASES)) {
  Deno.test(`a command that ${name} leaves no temporary file, and ${stands ? "the last artifact" : "no artifact"}`, async () => {
    using project = makeProject();
    assertEquals((await project.build()).code, 0);
    project.configure([{ ...GOOD, command, ...more }]);
    const failed = await project.build();
    assertEquals(failed.code, 1, said(failed));
    assertOrderly(failed);
    assertStringIncludes(failed.stdout, error);
    await assertRecovers(project, { stands, context: said(failed) });
  });
}

// S0.39
for (const [where, half, stands] of [["$OUT", HALF, true], ["its output in place", HALF_IN_PLACE, false]] as const) {
  Deno.test(`a command that is cancelled after half of ${where} leaves no temporary file`, async () => {
    using project = makeProject();
    assertEquals((await project.build()).code, 0);
    project.configure([{ ...GOOD, command: `${half}; ${HOLD}` }]);
    const running = project.start();
    await until(() => project.has("held"), "the command is held");
    running.kill("SIGINT");
    const ended = await running.ended;
    assertEquals(ended.code, 130, said(ended));
    assertStringIncludes(ended.stdout, "(error: Cancelled)");
    await assertRecovers(project, { stands, context: said(ended) });
  });
}

Deno.test("a retry begins without what the failed attempt wrote", async () => {
  using project = makeProject();
  project.configure([{
    ...GOOD,
    retries: 1,
    command: 'echo "$TASK" >> "$OUT"; if [ -e tried ]; then exit 0; fi; : > tried; exit 1',
  }]);
  const ended = await project.build();
  assertEquals([ended.code, project.read(OUTPUT)], [0, "a\n"], said(ended));
  assert(ended.stdout.includes("retry 1 of 1"), said(ended));
  assertEquals(project.temporaries(), []);
});
