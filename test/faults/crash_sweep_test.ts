import { assert, assertEquals } from "@std/assert";
import { randomFrom, seedFor, stride } from "../random.ts";
import { type Deed, failio, suffer } from "./faults.ts";
import { artifacts, assertDone, assertOrderly, assertSettled, Project, said, type TaskSpec } from "./rig.ts";

const library = failio();

const TASKS: TaskSpec[] = [
  { name: "header", output: "out/header.txt", content: "header\n".repeat(200) },
  { name: "body", output: "out/body.txt", source_files: ["src/body.txt"] },
  { name: "page", output: "out/deep/page.txt", dependencies: ["header", "body"] },
  { name: "shout", output: "out/shout.txt", dependencies: ["page"], command: 'tr a-z A-Z < "$DEPS" > "$OUT"' },
  {
    name: "edit",
    output: "out/edit.txt",
    dependencies: ["page"],
    command: "cat $IN $DEPS > out/edit.txt",
    source_files: ["src/body.txt"],
  },
  { name: "note", output: "out/note.txt", dependencies: ["header"] },
];

function makeProject(): Project {
  const project = new Project(TASKS);
  project.write("src/body.txt", "body text\n".repeat(500));
  return project;
}

/** How often each kind of fault strikes: at every operation, or at each n-th. */
const STRIDES: Readonly<Record<"KILL" | "KILLAFTER" | "EIO" | "ENOSPC" | "SHORT", number>> = {
  KILL: 1,
  KILLAFTER: 2,
  EIO: 2,
  ENOSPC: 3,
  SHORT: 1, // of those that write
};

// S0.34, S0.37, S0.39, S0.48, S0.49
Deno.test({
  name: "a build killed or failed at any file operation leaves nothing that a plain rerun does not put right",
  ignore: library === undefined,
  fn: async () => {
    const random = randomFrom(seedFor("crash sweep"));
    let clean: Map<string, string>;
    let operations: string[];
    {
      using project = makeProject();
      const log = `${project.temp}/log`;
      assertDone(await project.build({ env: suffer({ library: library!, path: project.folder, at: 0, log }) }));
      clean = artifacts(project, TASKS);
      operations = Deno.readTextFileSync(log).trim().split("\n");
    }
    assert(operations.length > 30, operations.join("\n"));
    const points: [Deed, number][] = [];
    for (const deed of ["KILL", "KILLAFTER", "EIO", "ENOSPC"] as const) {
      const step = stride(STRIDES[deed]);
      for (let at = 1 + random.below(step); at <= operations.length; at += step) points.push([deed, at]);
    }
    const writes = operations.flatMap((operation, i) => operation.includes(" write ") ? [i + 1] : []);
    const step = stride(STRIDES.SHORT);
    for (let at = random.below(step); at < writes.length; at += step) points.push(["SHORT", writes[at]]);
    for (const [deed, at] of points) await assertHarmless(deed, at, clean);
  },
});

async function assertHarmless(deed: Deed, at: number, clean: ReadonlyMap<string, string>): Promise<void> {
  using project = makeProject();
  const log = `${project.temp}/log`;
  const struck = await project.build({ env: suffer({ library: library!, path: project.folder, at, deed, log }) });
  const operation = Deno.readTextFileSync(log).split("\n").find((line) => line.startsWith(`${at} `));
  const context = `${deed} at ${operation}`;
  if (deed === "EIO" || deed === "ENOSPC") {
    assertOrderly(struck, context);
    assertEquals(project.temporaries().length <= (operation?.includes("unlink") ? 1 : 0), true, context);
  } else if (struck.signal !== "SIGKILL") {
    // the counted operation was a command's, which counts for itself
    assertOrderly(struck, context);
  }
  for (const [name, content] of clean) {
    // edit.txt is written in place by its command, which nobody can make atomic
    if (name === "out/edit.txt" || !project.has(name)) continue;
    assertEquals(project.read(name) === content, true, `${context}: '${name}' is partial\n${said(struck)}`);
  }
  const rerun = await project.build();
  assertDone(rerun, context);
  await assertSettled(project, clean, `${context}, after a rerun that said:\n${said(rerun)}`);
}

// S0.39: those a killed run left behind are removed by the next run, however often that is killed or refused itself
Deno.test({
  name: "a killed build's temporary files go although the next builds are killed as they begin, or find a diagnostic",
  ignore: library === undefined,
  fn: async () => {
    using project = makeProject();
    const kill = (deed: Deed, at: number, calls = "all") =>
      project.build({ env: suffer({ library: library!, path: project.folder, at, deed, calls }) });
    assertEquals((await kill("KILL", 1, "rename")).signal, "SIGKILL");
    assert(project.temporaries().length > 0);
    for (let at = 1; at <= 3; at++) {
      for (const deed of ["KILL", "KILLAFTER"] as const) assertEquals((await kill(deed, at)).signal, "SIGKILL");
    }
    project.remove("src/body.txt");
    assertEquals((await project.build()).code, 2);
    project.write("src/body.txt", "body text\n");
    assertDone(await project.build());
    assertEquals(project.temporaries(), []);
  },
});
