import { assertEquals, assertThrows } from "@std/assert";
import { CrewError } from "../../../actors/crew/store/crew_error.ts";
import { type CrewOptions, readSettings } from "../../../actors/crew/options.ts";
import { inOwnProcess } from "../process/own_process.ts";

function read(options: CrewOptions, variables: Record<string, string> = {}) {
  return readSettings(options, (name) => variables[name]);
}

// S3.28, S3.36, S3.43, S3.2
Deno.test("readSettings() takes an option over the environment, and the environment over the default", () => {
  const none = read({});
  assertEquals(none, {
    db: "crew.sqlite",
    workflow: "main",
    identifier: undefined,
    labels: [],
    failurePolicy: "continue",
    heartbeatIntervalMs: 30_000,
    heartbeatTimeoutMs: 60_000,
    maxFailedRetries: 0,
    maxKilledRetries: 0,
    enableFingerprints: false,
    disabled: false,
    sharedFs: false,
  });
  const variables = {
    TROUPE_FAILURE_POLICY: "stop",
    TROUPE_HEARTBEAT_INTERVAL: "0.5",
    TROUPE_HEARTBEAT_TIMEOUT: "2",
    TROUPE_MAX_FAILED_RETRIES: "3",
    TROUPE_MAX_KILLED_RETRIES: "4",
    TROUPE_ENABLE_FINGERPRINTS: "1",
    TROUPE_DISABLED: "yes",
    TROUPE_IDENTIFIER: "me",
  };
  const environment = {
    ...none,
    failurePolicy: "stop",
    heartbeatIntervalMs: 500,
    heartbeatTimeoutMs: 2000,
    maxFailedRetries: 3,
    maxKilledRetries: 4,
    enableFingerprints: true,
    disabled: true,
    identifier: "me",
  } as const;
  assertEquals(read({}, variables), environment);
  const options: CrewOptions = {
    failurePolicy: "continue",
    heartbeatIntervalMs: 10,
    heartbeatTimeoutMs: 11,
    maxFailedRetries: 0,
    maxKilledRetries: 0,
    enableFingerprints: false,
    disabled: false,
    identifier: "you",
  };
  assertEquals(read(options, variables), { ...none, ...options } as typeof none);
  assertEquals(read({}, { TROUPE_DISABLED: "off", TROUPE_IDENTIFIER: "", TROUPE_HEARTBEAT_INTERVAL: "10" }), {
    ...none,
    heartbeatIntervalMs: 10_000,
    heartbeatTimeoutMs: 20_000,
  });
  assertEquals(read({ labels: new Set(["a", "b"]) }).labels, ["a", "b"]);
});

Deno.test("readSettings() names the option or the variable that has no usable value", () => {
  for (
    const [options, variables, message] of [
      [{ failurePolicy: "halt" as "stop" }, {}, "failurePolicy must be 'continue' or 'stop', not 'halt'"],
      [{}, { TROUPE_FAILURE_POLICY: "Stop" }, "TROUPE_FAILURE_POLICY must be 'continue' or 'stop', not 'Stop'"],
      [{ maxFailedRetries: -1 }, {}, "maxFailedRetries must be a whole number from 0, not -1"],
      [{}, { TROUPE_MAX_FAILED_RETRIES: "two" }, "TROUPE_MAX_FAILED_RETRIES must be a whole number from 0, not 'two'"],
      [{ maxKilledRetries: 0.5 }, {}, "maxKilledRetries must be a whole number from 0, not 0.5"],
      [{ heartbeatIntervalMs: 0 }, {}, "heartbeatIntervalMs must be a number of milliseconds above 0, not 0"],
      [
        {},
        { TROUPE_HEARTBEAT_TIMEOUT: "1m" },
        "TROUPE_HEARTBEAT_TIMEOUT must be a number of seconds above 0, not '1m'",
      ],
      [
        { keepStatuses: 0 },
        {},
        "keepStatuses must be a whole number from 1, not 0",
      ],
      [
        { heartbeatIntervalMs: 100, heartbeatTimeoutMs: 100 },
        {},
        "heartbeatTimeoutMs must be more than heartbeatIntervalMs (100), not 100",
      ],
      [{}, { TROUPE_DISABLED: "maybe" }, "TROUPE_DISABLED must be true or false, not 'maybe'"],
      [{ identifier: "" }, {}, "identifier must be a text, not ''"],
      [{ labels: "gpu" }, {}, "labels must be several texts, not 'gpu'"],
    ] as const
  ) {
    const error = assertThrows(() => read(options, variables), CrewError) as CrewError;
    assertEquals([error.kind, error.message], ["option", message]);
  }
});

// S3.2
Deno.test("Crew reads the environment when it is constructed", async () => {
  const { identifier, refused } = await inOwnProcess(import.meta.resolve("./environment_program.ts"));
  assertEquals([identifier, refused], ["from outside", "CrewError"]);
});
