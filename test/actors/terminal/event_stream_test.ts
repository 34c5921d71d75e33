// What --events says: every kind of event, each with the fields that are documented and no others.
import { Ajv } from "ajv";
import { assert, assertEquals } from "@std/assert";
import { EventStream } from "../../../actors/terminal/event_stream.ts";
import type { RunEvent } from "../../../actors/engine/run_event.ts";
import type { RunBegun, RunOver } from "../../../actors/terminal/run_reader.ts";
import { EVENT_KINDS, eventsSchema } from "../../../graph/report/event_fields.ts";
import type { EventLine } from "../../../graph/report/event_line.ts";

const BEGUN: RunBegun = {
  kind: "build",
  file: "/w/build.json",
  folder: "/w",
  workers: 2,
  retryOf: 3,
  tasks: [{ name: "a", dependencies: [], outputs: [{ path: "out/a", kind: "file" }] }, {
    name: "b",
    dependencies: ["a"],
  }],
  digestOf: (task) => task === 0 ? "0".repeat(64) : undefined,
};

const OVER: RunOver = {
  counts: { completed: 1, failed: 1, skipped: 0, cancelled: 0 },
  outcomes: [],
  warned: 0,
  cached: 0,
  durationMs: 1234.56,
};

/** The schema, with no word for a field that is not documented. */
function strictly(): (line: unknown) => void {
  const schema = structuredClone(eventsSchema()) as { oneOf: Record<string, unknown>[] };
  for (const kind of schema.oneOf) kind.additionalProperties = false;
  const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);
  return (line) =>
    assert(validate(line), `${JSON.stringify(line)}: ${JSON.stringify(validate.errors?.at(-1) ?? null)}`);
}

class Told {
  readonly lines: string[] = [];
  readonly stream = new EventStream(
    { add: (line) => this.lines.push(line), close: () => true },
    { troupe: "1", deno: "2" },
    () => 1500,
  );

  constructor() {
    this.stream.begun(BEGUN);
  }

  note(...events: readonly RunEvent[]): this {
    for (const event of events) this.stream.note(event);
    return this;
  }

  /** What was told since the run began. */
  get events(): EventLine[] {
    return this.lines.slice(1).map((line) => JSON.parse(line));
  }
}

function captured(bytes: Uint8Array<ArrayBuffer> | string, dropped = 0) {
  return { bytes: typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes, dropped };
}

const NOTHING = captured("");

// S6.8
Deno.test("every kind of event is told, one JSON object a line, with the documented fields and no others", () => {
  const check = strictly();
  const told = new Told().note(
    { kind: "reason", task: 0, reason: "new" },
    { kind: "barred", task: 0, sentence: "Waiting", isKnown: false },
    { kind: "started", task: 0, worker: 1 },
    { kind: "printed", task: 0, stream: "stdout", bytes: new TextEncoder().encode("so\n") },
    { kind: "executed", task: 0, worker: 1, durationMs: 5, output: { stdout: captured("so\n"), stderr: NOTHING } },
    { kind: "hit", task: 0, by: "fresh", worker: null },
    { kind: "hit", task: 0, by: "copied", worker: 1, output: { stdout: NOTHING, stderr: captured("warned\n") } },
    { kind: "failed", task: 1, worker: 1, durationMs: 5, failure: { kind: "exit", code: 3 }, retry: 1 },
    { kind: "failed", task: 1, worker: null, durationMs: 0, failure: { kind: "signal", signal: "SIGKILL" } },
    { kind: "cancelled", task: 1, worker: 2, durationMs: 5, isAgain: true },
    { kind: "cancelled", task: 1, worker: null, durationMs: 5 },
    { kind: "skipped", task: 1 },
    { kind: "crashed", worker: 2 },
  );
  const usage = { cpuUs: 1_500_000, maxRssKb: 2 };
  told.note({ kind: "executed", task: 1, worker: 1, durationMs: 2000, usage });
  const { cpu, max_memory } = { ...told.events.at(-1) } as { cpu?: number; max_memory?: number };
  assertEquals([cpu, max_memory], [1.5, 2048]);
  told.stream.warned("no history");
  told.stream.ended({ ...OVER, signal: "SIGINT", savedAs: 4, rolledBack: 2, error: "no threads" });
  const lines = told.lines.map((line) => {
    assert(/^\{[^\n]*\}\n$/.test(line));
    return JSON.parse(line);
  });
  for (const line of lines) check(line);
  assertEquals([...new Set(lines.map(({ event }) => event))].sort(), Object.keys(EVENT_KINDS).sort());
  assertEquals(lines[0].tasks, [{ name: "a", dependencies: [], artifact: "out/a" }, {
    name: "b",
    dependencies: ["a"],
  }]);
  assertEquals([lines[0].version, lines[0].retry_of, lines[0].time], [1, 3, 1.5]);
  assertEquals(lines.at(-1), {
    ...{ event: "run_ended", time: 1.5, duration: 1.2346 },
    ...{ completed: 1, failed: 1, skipped: 0, cancelled: 0, cached: 0 },
    ...{ signal: "SIGINT", run: 4, rolled_back: 2, error: "no threads" },
  });
});

// S6.8
Deno.test("what is not documented is refused by the schema that the test uses", () => {
  const check = strictly();
  const refused = (line: unknown) => {
    try {
      check(line);
      return false;
    } catch {
      return true;
    }
  };
  assert(refused({ event: "task_skipped", time: 1, task: "a", env: "x" }));
  assert(refused({ event: "task_skipped", time: 1 }));
  assert(refused({ event: "other", time: 1 }));
  assert(refused({ event: "task_output", time: 1, task: "a", attempt: 1, stream: "stdout" }));
});

// S6.8
Deno.test("attempts are counted, and each failed one names the one that follows", () => {
  const failure = { kind: "timeout", timeoutMs: 1000 } as const;
  const failed = { kind: "failed", task: 0, worker: 1, durationMs: 1, failure } as const;
  const started = { kind: "started", task: 0, worker: 1 } as const;
  const { events } = new Told().note(
    started,
    { ...failed, retry: 1 },
    started,
    { ...failed, retry: 2 },
    started,
    failed,
  );
  assertEquals(
    events.map((event) => ["attempt" in event && event.attempt, "next_attempt" in event && event.next_attempt]),
    [[1, false], [1, 2], [2, false], [2, 3], [3, false], [3, false]],
  );
});

// S6.8
Deno.test("output is text where it is UTF-8, also when a character comes in two pieces, and Base64 elsewhere", () => {
  const euro = new TextEncoder().encode("1 €\n"), bad = new Uint8Array([0x61, 0xff, 0xfe]);
  const half = euro.subarray(0, 4);
  const printed = { kind: "printed", task: 0, stream: "stdout" } as const;
  const output = { stdout: captured(bad), stderr: captured("\ufeffé\0", 7) };
  const { events } = new Told().note(
    { ...printed, bytes: euro.subarray(0, 3) },
    { ...printed, stream: "stderr", bytes: bad },
    { ...printed, bytes: euro.subarray(3) },
    { ...printed, bytes: half },
    { kind: "executed", task: 0, worker: 1, durationMs: 1, output },
  );
  const said = events.map((event) =>
    event.event !== "task_output" ? event.event : "text" in event ? event.text : { base64: event.base64 }
  );
  assertEquals(said, ["1 ", { base64: "Yf/+" }, "€\n", "1 ", { base64: "4oI=" }, "task_completed"]);
  const last = events.at(-1)!;
  assert(last.event === "task_completed");
  assertEquals(last.output, {
    stdout: { base64: "Yf/+" },
    stderr: { text: "\ufeffé\0\n[7 bytes dropped]\n", dropped: 7 },
  });
});
