// schema.json, which editors read, and the parser give the same answers, as far as JSON Schema can express the rules.
//
// Not expressible, so left out here: placeholders that there are not, unique names and outputs, outputs inside others,
// unknown dependencies, cycles, resources without a limit or beyond it, digests of paths that are no outputs, and a path
// that leaves the folder by way of another (`a/../../b`).
import { assert, assertEquals } from "@std/assert";
import { Ajv } from "ajv";
import fc from "fast-check";
import { DEFAULT_KEYS } from "../../../graph/expand/defaults.ts";
import { readExpanded } from "../../../graph/expand/read.ts";
import { checkBuildConfig, needsExpansion } from "../../../graph/input/build_config.ts";
import { RESERVED_ENVIRONMENT, TASK_KEYS } from "../../../graph/input/config_fields.ts";
import schema from "../../../schema.json" with { type: "json" };
import { rounds, seedFor } from "../../random.ts";

const matchesSchema = new Ajv({ strict: true, strictRequired: false }).compile(schema);

function bothSay(config: unknown): boolean {
  const bySchema = matchesSchema(config);
  const { diagnostics } = needsExpansion(config)
    ? readExpanded({ index: 0, folder: "", value: config, included: [], matches: new Map() })
    : checkBuildConfig(config);
  const reasons = JSON.stringify({ config, diagnostics, errors: matchesSchema.errors }, null, 1);
  assertEquals(bySchema, diagnostics.length === 0, reasons);
  return bySchema;
}

function task(fields: Record<string, unknown> = {}): Record<string, unknown> {
  const all: Record<string, unknown> = { name: "a", output_artifact: "out/a", ...fields };
  if (all.output_artifact === undefined) delete all.output_artifact;
  return all;
}

const DIGEST = "0123456789abcdefABCDEF".repeat(3).slice(0, 64);

Deno.test("schema and parser accept the same good configs", () => {
  const good: unknown[] = [
    { tasks: [task()] },
    { $schema: "./schema.json", num_workers: 1024, tasks: [task()] },
    { num_workers: 8.0, tasks: [{ name: "a", output: "a" }] },
    { resource_limits: {}, tasks: [task()] },
    { resource_limits: { gpu: 2, "two words": 0.1 }, tasks: [task({ resources: { gpu: 2 } })] },
    ...[
      { command: "cc" },
      { content: "" },
      { content: "\0" },
      { source_files: ["../x", "/abs/x", "**/*.c", "."] },
      { expected_sha256: DIGEST },
      { env: { A: "", "a b": "c=d", ["__proto__"]: "1" } },
      { timeout: 0.001, retries: 1000 },
      { grace: 0 },
      { description: "" },
      { description: "What it is for\nand more" },
      { dependencies: [] },
      { for_each: "src/*.c" },
      { for_each: ["src/**/*.c", "!src/gen/**"], name: "c:{stem}" },
      { matrix: { region: ["north", 1, true] }, name: "r:{region}", output_artifact: "{region}" },
      { for_each: "!(a)", matrix: { stem_2: ["x"] }, name: "r:{stem_2}" },
      { after: [] },
      { tags: ["ci", "two words"] },
      { command: "cc", cwd: "." },
      { command: "cc", depfile: "$DEPFILE" },
      { command: "cc", depfile: "out//./a.d" },
      { tools: ["cc --version", "cc --version"] },
      { tools: [] },
      { command: "cc", cwd: "./a//b/" },
      { module: "./gen.ts" },
      { module: "../tools/gen.js", export: "page", args: null },
      { module: "gen.ts", args: [1, { a: "b" }], permissions: {} },
      { module: "gen.ts", permissions: { read: ["data"], net: true, env: [], import: ["example.org"] } },
      { module: "gen.ts", isolate: "process" },
      { module: "gen.ts", isolate: "thread" },
      { reads: ["../x", "**/*.c"], writes: [], difficulty: 10 },
      { files_affected: ["/abs/x"], difficulty: 1.0, shares: ["a counter", "counter"] },
      { resources: { gpu: 0.5, ["__proto__"]: 1e300 } },
      { resources: {} },
      { name: "tab-less ü 😀" },
      ...[[], ["a"], ["dist/"], ["a//", "gen/*.ts"], ["./a/b"], ["./!a"], ["./!a/"], ["./!*"]].map((outputs) => ({
        output_artifact: undefined,
        outputs,
        command: "c",
      })),
      { output_artifact: undefined, outputs: [] },
      { output_artifact: undefined, outputs: ["a"], content: "" },
      { output_artifact: undefined, outputs: ["dist/"], module: "a.ts", expected_sha256: DIGEST },
      { output_artifact: undefined, outputs: ["a", "b"], command: "c", expected: { a: DIGEST } },
      ...["...", "a/..b", ".x", "././/x", "x.tmp.1", "x.tmp.1.2.o", "a/.build_cache.json"].map((path) => ({
        output_artifact: path,
      })),
    ].map((fields) => ({ tasks: [task(fields)] })),
    ...["a/build.json", "*/build.json", { config: "a.json", prefix: "" }, { config: "./a/b.json" }, ["a.json", {
      config: "b.json",
      prefix: "{dir}:",
    }]].map((include) => ({ include })),
    { include: "a/build.json", tasks: [] },
    ...[{}, { env: { A: "1" }, timeout: 1, grace: 0, retries: "flaky" }, { cwd: "a" }].map((defaults) => ({
      defaults,
      tasks: [task()],
    })),
  ];
  for (const config of good) assert(bothSay(config), JSON.stringify(config));
});

Deno.test("schema and parser refuse the same bad configs", () => {
  const bad: unknown[] = [
    null,
    [],
    "tasks",
    {},
    { tasks: [] },
    { tasks: {} },
    { tasks: [null] },
    { tasks: [[]] },
    { tasks: [task()], task: 1 },
    { tasks: [task()], $schema: 1 },
    ...[0, 1025, 1.5, "8", null].map((numWorkers) => ({ num_workers: numWorkers, tasks: [task()] })),
    ...[[], null, { gpu: 0 }, { gpu: "1" }, { "": 1 }, { "a\n": 1 }].map((limits) => ({
      resource_limits: limits,
      tasks: [task()],
    })),
    { tasks: [{ name: "a" }] },
    { tasks: [{ output: "a" }] },
    JSON.parse('{"tasks": [{"name": "a", "output": "a", "__proto__": 1}]}'),
    ...[
      { output: "b" },
      { name: "" },
      { name: "a\nb" },
      { name: "\ud800" },
      { name: 1 },
      { command: "c", content: "c" },
      { command: "" },
      ...["a\0", "\ud800"].flatMap((text) => [{ command: text }, { tools: [text] }, { env: { A: text } }]),
      { content: "a\udc00" },
      { command: ["cc"] },
      { content: 1 },
      { dependencies: "b" },
      { dependencies: [1] },
      ...["", "!a", 1, [], ["!a"], [""], ["a", 1], { a: 1 }].map((forEach) => ({ for_each: forEach })),
      ...[{}, [], "a", { "1": ["a"] }, { a: [] }, { a: "b" }, { a: [null] }, { a: [["b"]] }, { a: ["b", "b"] }].map(
        (matrix) => ({ matrix }),
      ),
      { for_each: "a", matrix: { stem: ["b"] } },
      { for_each: "a", name: "" },
      { for_each: "a", output_artifact: "../{name}" },
      { after: "b" },
      { tags: "ci" },
      { tags: [""] },
      { tags: ["a\n"] },
      { cwd: "a" },
      { depfile: "a.d" },
      { command: "cc", depfile: "$OUT.d" },
      { command: "cc", depfile: "${DEPFILE}" },
      { command: "cc", depfile: "" },
      { command: "cc", depfile: "../a.d" },
      { command: "cc", depfile: ["a.d"] },
      { tools: "cc --version" },
      { tools: [""] },
      { tools: ["a\0"] },
      { env: { DEPFILE: "x" } },
      { command: "cc", cwd: "" },
      { command: "cc", cwd: "/a" },
      { command: "cc", cwd: "./../a" },
      { command: "cc", cwd: ["a"] },
      { command: "cc", cwd: "a\0" },
      { after: [null] },
      { source_files: "b" },
      { source_files: [""] },
      { source_files: ["a\u2028"] },
      { expected_sha256: DIGEST.slice(1) },
      { expected_sha256: `${DIGEST}\n` },
      { env: [] },
      { env: { A: 1 } },
      { env: { A: "\0" } },
      { env: { "": "" } },
      { env: { "A=": "" } },
      ...RESERVED_ENVIRONMENT.map((name) => ({ env: { [name]: "" } })),
      { timeout: 0 },
      { grace: -1 },
      { timeout: -1 },
      { timeout: "1" },
      { retries: -1 },
      { retries: 1001 },
      { retries: 0.5 },
      { module: "" },
      { module: ["a.ts"] },
      { module: "a.ts", command: "c" },
      { module: "a.ts", content: "" },
      { module: "a.ts", export: "" },
      { module: "a.ts", export: null },
      { export: "f" },
      { args: {} },
      { permissions: { read: true } },
      { isolate: "process" },
      { module: "a.ts", isolate: "proces" },
      { module: "a.ts", isolate: true },
      { module: "a.ts", permissions: [] },
      { module: "a.ts", permissions: { disk: true } },
      { module: "a.ts", permissions: { net: false } },
      { module: "a.ts", permissions: { env: [""] } },
      { module: "a.ts", permissions: { read: "src" } },
      { reads: "x" },
      { reads: [1] },
      { writes: [""] },
      { writes: ["a\0"] },
      { files_affected: {} },
      { writes: [], files_affected: [] },
      { difficulty: 0 },
      { difficulty: 11 },
      { difficulty: 2.5 },
      { difficulty: "3" },
      { shares: "counter" },
      { shares: [""] },
      { shares: ["\x85"] },
      { resources: ["gpu"] },
      { resources: { gpu: 0 } },
      { resources: { gpu: null } },
      { resources: { "": 1 } },
      { resources: { "\ud800": 1 } },
      ...["", ".", "./", "/", "/a", "..", "../a", "./../a", "a/", "a/.", "a/..", "a\0", ".build_cache.json"].map(
        (path) => ({ output_artifact: path }),
      ),
      { outputs: ["b"], command: "c" },
      ...[["a", 1], "a", [""], ["../a"], ["/a"], ["a/.."], [".troupe/x"], ["x.tmp.1.2/"], ["!a"], ["d*/"]].map((
        outputs,
      ) => ({
        output_artifact: undefined,
        outputs,
        command: "c",
      })),
      { output_artifact: undefined, outputs: [], content: "" },
      { output_artifact: undefined, outputs: ["d/"], content: "" },
      { output_artifact: undefined, outputs: ["a", "b"] },
      { output_artifact: undefined, outputs: ["*"] },
      ...["!", "!a", "!a/", "!*"].map((made) => ({ output_artifact: undefined, outputs: [made], command: "c" })),
      { output_artifact: undefined, outputs: ["a", "b"], command: "c", expected_sha256: DIGEST },
      { expected: { "out/a": DIGEST }, expected_sha256: DIGEST },
      { expected: { "out/a": "1" } },
      { expected: [] },
      { env: { OUT_12: "" } },
      ...["./.build_cache.lock", "x.tmp.1.2", ".tmp.1.2/x"].map((path) => ({ output_artifact: path })),
    ].map((fields) => ({ tasks: [task(fields)] })),
    ...[
      "",
      "/a.json",
      "../a.json",
      ".",
      "./",
      "a\n",
      1,
      null,
      [],
      {},
      { config: "a", prefix: "*" },
      { config: "" },
      {
        config: "a",
        prefix: 1,
      },
      { config: "a", extra: 1 },
      ["a", []],
    ].map((include) => ({ include })),
    ...[null, [], { name: "a" }, { env: { OUT: "" } }, { env: [] }, { timeout: 0 }, { retries: -1 }, { cwd: "../a" }]
      .map((defaults) => ({ defaults, tasks: [task()] })),
  ];
  for (const config of bad) assert(!bothSay(config), JSON.stringify(config));
});

Deno.test("schema and parser know the same keys", () => {
  assertEquals(Object.keys(schema.definitions.task.properties).sort(), [...TASK_KEYS.keys()].sort());
  assertEquals(Object.keys(schema.definitions.defaults.properties).sort(), [...DEFAULT_KEYS].sort());
});

Deno.test("schema and parser agree on mutated configs", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom("", "a", "\0", "\n", "\x85", "\u2029", "\ud800", "OUT", "A=B", "__proto__", DIGEST, "😀"),
  );
  // Without `..` after a name: what such a path comes to, a pattern cannot tell.
  const segment = fc.constantFrom(
    "a",
    "b.c",
    ".",
    "",
    "..a",
    ".build_cache.json",
    ".troupe",
    "!",
    "!a",
    "!(a)",
    "x.tmp.1.22",
    "x.tmp.1",
    "\x07",
    "*",
  );
  const path = fc.tuple(fc.constantFrom("", "", "", "/", "../", "./", "./../"), fc.array(segment, { maxLength: 4 }))
    .map(([head, segments]) => head + segments.join("/"));
  // Outputs that meet, and digests of others, are no pattern's affair.
  const areApart = (paths: unknown[]) => paths.length < 2;
  const number = fc.oneof(fc.integer({ min: -2, max: 1030 }), fc.constantFrom(0, 0.5, -0, 1e300, 1e-300, 1024, 1000));
  const anything = fc.oneof(
    text,
    number,
    fc.constantFrom<unknown>(null, true, [], {}, [1], ["a"], { A: "b" }, { A: 1 }),
  );
  const oftenGood = <T>(good: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: anything });
  const fields = fc.record(
    {
      name: oftenGood(text),
      output_artifact: oftenGood(path),
      output: oftenGood(path),
      outputs: oftenGood(fc.array(oftenGood(path), { maxLength: 2 }).filter(areApart)),
      expected: oftenGood(fc.constantFrom({}, { "out/a": DIGEST }, { "out/a": "x" })),
      dependencies: oftenGood(fc.constant([])),
      for_each: oftenGood(path),
      matrix: oftenGood(fc.dictionary(fc.constantFrom("a", "stem", "b-c", "1"), fc.array(text, { maxLength: 1 }))),
      after: oftenGood(fc.constant([])),
      tags: oftenGood(fc.array(text, { maxLength: 2 })),
      cwd: oftenGood(path),
      depfile: oftenGood(fc.oneof(path, fc.constantFrom("$DEPFILE", "$x"))),
      tools: oftenGood(fc.array(oftenGood(text), { maxLength: 2 })),
      source_files: oftenGood(fc.array(oftenGood(path), { maxLength: 3 })),
      command: oftenGood(text),
      content: oftenGood(text),
      expected_sha256: oftenGood(fc.constantFrom(DIGEST, DIGEST.slice(2))),
      env: oftenGood(fc.dictionary(text, oftenGood(text), { maxKeys: 2 })),
      timeout: oftenGood(number),
      grace: oftenGood(number),
      retries: oftenGood(number),
      reads: oftenGood(fc.array(oftenGood(path), { maxLength: 2 })),
      writes: oftenGood(fc.array(oftenGood(path), { maxLength: 2 })),
      files_affected: oftenGood(fc.array(path, { maxLength: 2 })),
      difficulty: oftenGood(fc.integer({ min: 0, max: 11 })),
      shares: oftenGood(fc.array(oftenGood(text), { maxLength: 2 })),
      resources: oftenGood(fc.dictionary(text, oftenGood(number), { maxKeys: 2 })),
      module: oftenGood(fc.constantFrom("gen.ts", "./tasks/gen.js", "")),
      export: oftenGood(text),
      args: anything,
      permissions: oftenGood(fc.dictionary(
        fc.constantFrom("read", "net", "env", "disk"),
        oftenGood(fc.oneof(fc.constant(true), fc.array(text, { maxLength: 2 }))),
        { maxKeys: 2 },
      )),
      isolate: oftenGood(fc.constantFrom("thread", "process", "none")),
      extra: anything,
    },
    { requiredKeys: [] },
  );
  // Few of the mutated fields at a time, or nearly every config would be wrong in some way and prove little.
  const mutated = fc.tuple(fields, fc.array(fc.constantFrom(...TASK_KEYS.keys(), "extra"), { maxLength: 4 }))
    .map(([all, chosen]) => {
      const result: Record<string, unknown> = { name: "a", output_artifact: "out/a" };
      for (const key of chosen) {
        if (Object.hasOwn(all, key)) result[key] = all[key as keyof typeof all];
        else delete result[key];
      }
      return result;
    });
  const isMeant = ({ outputs, output, output_artifact, expected }: Record<string, unknown>) =>
    expected === undefined || (outputs === undefined && output === undefined && output_artifact === "out/a");
  const settings = fc.record(
    {
      env: anything,
      timeout: oftenGood(number),
      retries: oftenGood(number),
      cwd: oftenGood(path),
      tools: anything,
      name: text,
    },
    { requiredKeys: [] },
  );
  const include = oftenGood(fc.oneof(
    path,
    fc.record({ config: oftenGood(path), prefix: oftenGood(text) }, {
      requiredKeys: ["config"],
    }),
  ));
  const config = fc.record(
    {
      tasks: oftenGood(fc.array(oftenGood(mutated.filter(isMeant)), { minLength: 0, maxLength: 1 })),
      num_workers: oftenGood(number),
      defaults: oftenGood(settings),
      include: fc.oneof(include, fc.array(include, { maxLength: 2 })),
    },
    { requiredKeys: ["tasks"] },
  );
  // One of the others at most, or nearly every config would be wrong in some way.
  const whole = fc.tuple(
    config,
    fc.constantFrom(...["none", "none", "none", "num_workers", "defaults", "include"] as const),
  )
    .map(([all, kept]) => ({
      tasks: all.tasks,
      ...(kept in all ? { [kept]: all[kept as keyof typeof all] } : {}),
    }));
  // Only names on record can be depended on, so dependencies stay empty unless they are no list of strings.
  const knowsDependencies = (value: unknown) =>
    !/"(dependencies|after)":\["a"\]/.test(JSON.stringify(value)) &&
    !(needsExpansion(value) && /\{[\w{]/.test(JSON.stringify(value, texts)));
  /** Texts alone. */
  function texts(_key: string, value: unknown): unknown {
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? [...Object.keys(value), ...Object.values(value)]
      : value;
  }
  let accepted = 0;
  fc.assert(
    fc.property(whole.filter(knowsDependencies), (value) => {
      if (bothSay(value)) accepted++;
    }),
    { seed: seedFor("schema"), numRuns: rounds(3000) },
  );
  assert(accepted > rounds(3000) / 15, `only ${accepted} good configs among ${rounds(3000)}`);
});
