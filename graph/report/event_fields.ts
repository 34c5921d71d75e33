/**
 * Owns what is said of each kind and each field of the events, as data: for `troupe help events`, and as a JSON Schema for
 * programs. The compiler holds it against the union of event_line.ts: no kind and no field can be without a word.
 *
 * @module
 */
import { type EventLine, EVENTS_VERSION } from "./event_line.ts";

/** What is said of one field. */
interface EventField<IsOptional extends boolean = boolean> {
  readonly text: string;
  /** Its JSON Schema. */
  readonly is: Readonly<Record<string, unknown>>;
  readonly isOptional: IsOptional;
}

type EventKeys<Line> = Line extends unknown ? Exclude<keyof Line, "event" | "time"> : never;

type IsOptional<Line, Key extends PropertyKey> = Line extends { readonly [K in Key]: unknown } ? false : true;

type FieldsOf<Line> = { readonly [Key in EventKeys<Line>]-?: EventField<IsOptional<Line, Key>> };

type Kinds = {
  readonly [Kind in EventLine["event"]]: {
    readonly text: string;
    readonly fields: FieldsOf<Extract<EventLine, { readonly event: Kind }>>;
  };
};

const STRING = { type: "string" }, INTEGER = { type: "integer" }, NUMBER = { type: "number" };
const COUNT = { type: "integer", minimum: 0 }, FROM_ONE = { type: "integer", minimum: 1 };
const SECONDS = { type: "number", minimum: 0 };
const ARTIFACTS = {
  type: "array",
  items: {
    type: "object",
    properties: {
      path: { type: "string" },
      kind: { enum: ["file", "link", "folder"] },
      sha256: { type: "string", pattern: "^[0-9a-f]{64}$" },
      size: { type: "integer", minimum: 0 },
      executable: { const: true },
      target: { type: "string" },
    },
    required: ["path", "kind", "sha256", "size"],
    additionalProperties: false,
  },
};
const DIGEST = { type: "string", pattern: "^[0-9a-f]{64}$" };
const WORKER_OR_NONE = { type: ["integer", "null"], minimum: 1 };

function has(text: string, is: EventField["is"]): EventField<false> {
  return { text, is, isOptional: false };
}

function may(text: string, is: EventField["is"]): EventField<true> {
  return { text, is, isOptional: true };
}

const TASK = has("its name", STRING);
const WORKER = has("from 1", FROM_ONE);
const ATTEMPT = has("from 1", FROM_ONE);
const DURATION = has("seconds", SECONDS);
const TEXT = may("what it printed, where that is UTF-8", STRING);
const BASE64 = may("the same bytes in Base64, where they are not", STRING);

/** One stream that was kept. */
const KEPT = {
  type: "object",
  properties: { text: STRING, base64: STRING, dropped: FROM_ONE },
  oneOf: [{ required: ["text"] }, { required: ["base64"] }],
  additionalProperties: false,
};

const OUTPUT = may(
  "what was kept of stdout and stderr, each {text or base64, dropped}: at most 1 MiB, and of more head and tail with " +
    "[N bytes dropped] between; absent when it printed nothing",
  { type: "object", properties: { stdout: KEPT, stderr: KEPT }, additionalProperties: false },
);

const CPU = may("seconds on processors", SECONDS);
const MEMORY = may("bytes, the most that its commands had in use at a time", COUNT);

/** Every kind of event with all of its fields, in the order in which they occur. */
export const EVENT_KINDS: Kinds = {
  run_started: {
    text:
      "the first line of a run; a transaction that is done once more, or a member of a crew that joins again, begins a second",
    fields: {
      version: has(`of the events: ${EVENTS_VERSION}`, { const: EVENTS_VERSION }),
      troupe: has("its version", STRING),
      deno: has("its version", STRING),
      process: has("the process id", FROM_ONE),
      kind: has("build: artifacts of a config; run: the commands of a task file", { enum: ["build", "run"] }),
      file: has("the config or task file", STRING),
      folder: has("where commands run, and where the paths of artifacts start", STRING),
      workers: has("how many tasks may run at once", FROM_ONE),
      retry_of: may("the number of the recorded run that this one retries", INTEGER),
      tasks: has(
        "each with name, dependencies (names) and, in a build, after (names) and artifact (a path) or outputs (paths)",
        {
          type: "array",
          items: {
            type: "object",
            properties: {
              name: STRING,
              dependencies: { type: "array", items: STRING },
              after: { type: "array", items: STRING },
              artifact: STRING,
              outputs: { type: "array", items: STRING },
            },
            required: ["name", "dependencies"],
            additionalProperties: false,
          },
        },
      ),
    },
  },
  task_reason: {
    text: "why a task will run, in a build",
    fields: { task: TASK, reason: has("such as 'source changed: src/a.c'", STRING) },
  },
  task_waiting: {
    text: "a task has to wait for what others have locked",
    fields: { task: TASK, reason: has("a sentence", STRING) },
  },
  task_started: {
    text: "a worker has begun a task",
    fields: { task: TASK, worker: WORKER, attempt: ATTEMPT },
  },
  task_output: {
    text: "what a task has just printed; only where output is shown as it comes (--log stream, run --verbose)",
    fields: {
      task: TASK,
      attempt: ATTEMPT,
      stream: has("stdout or stderr", { enum: ["stdout", "stderr"] }),
      text: TEXT,
      base64: BASE64,
    },
  },
  task_completed: {
    text: "a task was done",
    fields: {
      task: TASK,
      worker: WORKER,
      attempt: ATTEMPT,
      duration: DURATION,
      sha256: may("digest of its artifact", DIGEST),
      artifacts: may("all artifacts of a task whose outputs are not one file", ARTIFACTS),
      cpu: CPU,
      max_memory: MEMORY,
      output: OUTPUT,
    },
  },
  task_cached: {
    text: "a task needed no doing",
    fields: {
      task: TASK,
      by: has(
        "fresh: its artifact lay in place; copied: an equal one lay elsewhere; restored: it came out of a store",
        {
          enum: ["fresh", "copied", "restored"],
        },
      ),
      sha256: may("digest of its artifact", DIGEST),
      artifacts: may("all artifacts of a task whose outputs are not one file", ARTIFACTS),
      output: { ...OUTPUT, text: "what was printed when the artifact was made, where it did not lie in place" },
    },
  },
  task_failed: {
    text: "an attempt at a task has failed; seldom one that was completed, when its function fails late",
    fields: {
      task: TASK,
      worker: has("from 1; null for a task that no worker had", WORKER_OR_NONE),
      attempt: ATTEMPT,
      duration: DURATION,
      reason: has("a word: exit, signal, timeout, checksum, no-artifact, crash and others", STRING),
      error: has("the reason in a sentence", STRING),
      exit_code: may("of the command", INTEGER),
      signal: may("what ended the command, such as SIGKILL", STRING),
      next_attempt: may("the number of the attempt that follows", { type: "integer", minimum: 2 }),
      cpu: CPU,
      max_memory: MEMORY,
      output: OUTPUT,
    },
  },
  task_cancelled: {
    text: "a task was ended before its time",
    fields: {
      task: TASK,
      worker: has("from 1, or null", WORKER_OR_NONE),
      attempt: ATTEMPT,
      duration: DURATION,
      again: may("it begins anew, since what it reads has changed", { const: true }),
      cpu: CPU,
      max_memory: MEMORY,
      output: OUTPUT,
    },
  },
  task_skipped: {
    text: "a task is not done: what it needs was not, or the run has ended",
    fields: { task: TASK },
  },
  worker_crashed: {
    text: "the thread of a worker has ended by itself; it is replaced",
    fields: { worker: WORKER },
  },
  warning: {
    text: "what the run has to do without",
    fields: { message: has("a sentence, as on stderr", STRING) },
  },
  run_ended: {
    text:
      "the last line of a run, with its counts, of a crew those of this member; it is missing when troupe was killed",
    fields: {
      duration: DURATION,
      completed: has("tasks that are done, cached ones included", COUNT),
      failed: has("tasks that failed at last", COUNT),
      skipped: has("tasks that were not done, cancelled ones included", COUNT),
      cancelled: has("tasks that were begun and ended before their time", COUNT),
      cached: has("tasks that needed no doing", COUNT),
      signal: may("what ended it early", STRING),
      run: may("its number in the history", FROM_ONE),
      rolled_back: may("how many artifacts were put back, of a transaction that came to nothing", COUNT),
      error: may("why it could not go on, in a sentence", STRING),
    },
  },
};

/** The JSON Schema of one line, for programs that read them. */
export function eventsSchema(): Readonly<Record<string, unknown>> {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `One line of troupe's --events, version ${EVENTS_VERSION}`,
    oneOf: Object.entries(EVENT_KINDS).map(([kind, { text, fields }]) => {
      const entries: [string, EventField][] = Object.entries(fields);
      return {
        type: "object",
        description: text,
        properties: {
          event: { const: kind },
          time: { ...NUMBER, description: "seconds since 1970 (UTC)" },
          ...Object.fromEntries(entries.map(([name, field]) => [name, { ...field.is, description: field.text }])),
        },
        required: ["event", "time", ...entries.filter(([, field]) => !field.isOptional).map(([name]) => name)],
        ...(kind === "task_output" ? { oneOf: [{ required: ["text"] }, { required: ["base64"] }] } : {}),
      };
    }),
  };
}
