import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Random, randomFrom, rounds, seedFor, stride } from "../random.ts";
import { failio, suffer } from "./faults.ts";
import { artifacts, assertDone, assertSettled, Project, said, type StartOptions, type TaskSpec } from "./rig.ts";

const library = failio();
const CACHE = ".build_cache.json";

const TASKS: readonly TaskSpec[] = [
  { name: "copy", output: "out/copy.txt", source_files: ["src.txt"] },
  { name: "content", output: "out/content.txt", content: "content\n" },
  { name: "both", output: "out/both.txt", dependencies: ["copy", "content"], command: 'cat $DEPS > "$OUT"' },
];

/** A project that was built; `clean` is what its artifacts are. */
async function makeBuilt(): Promise<{ project: Project; clean: Map<string, string> }> {
  const project = new Project(TASKS);
  project.write("src.txt", "source\n");
  assertDone(await project.build());
  return { project, clean: artifacts(project, TASKS) };
}

type Built = Awaited<ReturnType<typeof makeBuilt>>;

interface HarmlessOptions extends StartOptions {
  /** Whether a cache can be written again. */
  readonly settles?: boolean;
}

/**
 * Builds on a cache that was damaged; an edit beside it must be noticed all the same. Answers with what was said, and leaves
 * the project built.
 */
async function assertHarmless(
  { project, clean }: Built,
  damage: (project: Project) => string | void,
  { settles = true, ...options }: HarmlessOptions = {},
): Promise<string> {
  const context = damage(project) ?? "";
  project.write("out/both.txt", "edited by hand\n");
  const ended = await project.build({ args: ["--jobs", "1"], ...options });
  assertDone(ended, context);
  for (const [name, content] of clean) assertEquals(project.read(name), content, `${context}\n${said(ended)}`);
  assertEquals(project.temporaries(), []);
  // what was damaged but looks sound is dropped when it is found out, which costs one more execution
  if (settles) await assertSettled(project, clean, context, { within: 2 });
  else assertDone(await project.build(), context);
  return ended.stderr;
}

/** Does all with one project. */
async function inTurn(works: readonly ((built: Built) => Promise<void>)[]): Promise<void> {
  const built = await makeBuilt();
  using _ = built.project;
  for (const work of works) await work(built);
}

// S0.49
Deno.test("a cache cut off anywhere: one sentence, a right build, exit 0", async () => {
  const { project, clean } = await makeBuilt();
  using _ = project;
  const whole = project.read(CACHE);
  const { length } = whole;
  const seed = seedFor("cut cache");
  const lengths = [0, 1, length - 2, length - 1];
  const step = stride(97);
  for (let at = 2 + randomFrom(seed).below(step); at < length; at += step) lengths.push(at);
  for (const at of lengths) {
    project.write(CACHE, whole.slice(0, at));
    const ended = await project.build();
    assertDone(ended, `cut at ${at} of ${length}`);
    // the last character is only a newline
    if (at < length - 1) {
      assertMatch(ended.stderr, /^Build cache '.build_cache.json' [^\n]*; starting over\n$/, `cut at ${at}`);
    }
    for (const [name, content] of clean) assertEquals(project.read(name), content, `cut at ${at}`);
  }
  await assertSettled(project, clean, "cut off");
});

const OTHERS: Readonly<Record<string, string>> = {
  "a number": "5",
  "null": "null",
  "a list": "[]",
  "an empty object": "{}",
  "another version": '{"version":999,"entries":{},"files":{},"traces":{}}',
  "a version of another type": '{"version":"1"}',
  "zero bytes": "\0".repeat(4096),
  "nesting": "[".repeat(100_000),
  "text": "once upon a time",
};

Deno.test("a cache that is something else: one sentence, a right build, exit 0, and a cache again", async () => {
  await inTurn(
    Object.entries(OTHERS).map(([what, text]) => async (built) => {
      const said = await assertHarmless(built, (project) => {
        project.write(CACHE, text);
        return what;
      });
      assertMatch(said, /^Build cache '.build_cache.json' [^\n]*; starting over\n$/, what);
    }),
  );
});

Deno.test("a folder in place of the cache: told, a right build, exit 0", async () => {
  const replace = (project: Project) => {
    project.remove(CACHE);
    project.write(`${CACHE}/deep`, "");
  };
  const built = await makeBuilt();
  using _ = built.project;
  assertMatch(
    await assertHarmless(built, replace, { settles: false }),
    /^Cannot read build cache '.build_cache.json': not a regular file; starting over\nCannot write [^\n]*\n$/,
  );
});

Deno.test({
  name: "a cache that cannot be read: one sentence, a right build, exit 0",
  ignore: library === undefined,
  fn: async () => {
    const env = suffer({ library: library!, path: CACHE, at: 1, deed: "EACCES", calls: "openread" });
    const built = await makeBuilt();
    using _ = built.project;
    assertMatch(
      await assertHarmless(built, () => {}, { env }),
      /^Cannot read build cache '.build_cache.json': Permission denied; starting over\n$/,
    );
  },
});

Deno.test("a cache with random bytes: at most one sentence, a right build, exit 0", async () => {
  const random = randomFrom(seedFor("damaged cache"));
  await inTurn(Array.from({ length: rounds(40) }, () => async (built) => {
    const bytes = randomBytes(random);
    const said = await assertHarmless(built, (project) => {
      const cache = Deno.readFileSync(project.path(CACHE));
      const at = random.below(cache.length);
      cache.set(bytes.slice(0, cache.length - at), at);
      project.write(CACHE, cache);
      return `bytes ${bytes} at ${at}`;
    });
    assertMatch(said, /^([^\n]*; starting over\n)?$/);
  }));
});

Deno.test("a cache with values of wrong types: at most one sentence, a right build, exit 0", async () => {
  const random = randomFrom(seedFor("mistyped cache"));
  await inTurn(Array.from({ length: rounds(60) }, () => async (built) => {
    const said = await assertHarmless(built, (project) => {
      const cache = JSON.parse(project.read(CACHE));
      const change = mistype(cache, random);
      project.write(CACHE, JSON.stringify(cache));
      return change;
    });
    assertMatch(said, /^([^\n]*; starting over\n)?$/);
  }));
});

// S0.49
Deno.test("a list of a trace with something else than text in it: a right build, exit 0", async () => {
  const { project, clean } = await makeBuilt();
  using _ = project;
  const lists: string[][] = JSON.parse(project.read(CACHE)).traces.both.slice(1);
  const places = lists.flatMap((list, part) => list.map((_, at) => [part + 1, at]));
  assertEquals(places.length, 6, "what it does, and two artifacts with their digests");
  for (const [part, at] of places) {
    await assertHarmless({ project, clean }, (project) => {
      const cache = JSON.parse(project.read(CACHE));
      cache.traces.both[part][at] = [1];
      project.write(CACHE, JSON.stringify(cache));
      return `${part} ${at}`;
    });
  }
});

function randomBytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: 1 + random.below(12) }, () => random.below(256));
}

const VALUES = [null, true, -1, 1e300, "", "x", "../../x", "a\0b", [], [1], {}, { a: 1 }];

/** Puts a value of another type somewhere into the tree; answers with what it did. */
function mistype(tree: Record<string, unknown>, random: Random): string {
  let holder = tree;
  for (let depth = 0;; depth++) {
    const keys = Object.keys(holder);
    assert(keys.length > 0);
    const key = random.pick(keys);
    const inner = holder[key];
    const isDeep = typeof inner === "object" && inner !== null && Object.keys(inner).length > 0;
    if (isDeep && (depth === 0 || random.chance(0.75))) {
      holder = inner as Record<string, unknown>;
      continue;
    }
    const value = random.pick(VALUES);
    holder[key] = value;
    return `${key}: ${JSON.stringify(inner)} is now ${JSON.stringify(value)}`;
  }
}

// K120
Deno.test("garbage in place of a cache or its journal is not read, however much there is", async () => {
  const built = await makeBuilt();
  using _ = built.project;
  for (const name of [CACHE, ".build_cache.jsonl"]) {
    const stderr = await assertHarmless(built, ({ folder }) => {
      // Sparse: more than fits into memory, in no time and on no disk
      using file = Deno.openSync(`${folder}/${name}`, { write: true, create: true, truncate: true });
      file.truncateSync(1024 ** 4);
    });
    assertEquals(stderr, name === CACHE ? `Build cache '${CACHE}' is damaged; starting over\n` : "");
  }
});
