// What fits at once: capacity and budget, and settings from all their sources.
import { assertEquals } from "@std/assert";
import { checkBudget } from "../../../graph/gates/context_budget.ts";
import { checkCapacity } from "../../../graph/gates/resource_capacity.ts";
import { DEFAULT_SETTINGS, mergeSettings, parseSettings, readEnvironment } from "../../../graph/gates/settings.ts";

const THREE = [{ name: "a" }, { name: "b", resources: { gpu: 2 } }, { name: "c", resources: { gpu: 1 } }];

// S1.8
Deno.test("checkCapacity() counts tasks beside those that run already", () => {
  const capacity = (maxParallelTasks: number, activeTasks: number) =>
    checkCapacity(THREE, { maxParallelTasks, load: { activeTasks } });
  assertEquals(capacity(5, 2), {
    capacity: { max_parallel_tasks: 5, requested: 3, available: 3 },
    shortages: [],
  });
  assertEquals(capacity(5, 9), {
    capacity: { max_parallel_tasks: 5, requested: 3, available: 0 },
    shortages: [{ kind: "tasks" }],
  });
});

// S1.8
Deno.test("checkCapacity() knows CPU, memory, file handles and declared resources", () => {
  const shortages = (load: Parameters<typeof checkCapacity>[1]["load"], resourceLimits?: Record<string, number>) =>
    checkCapacity(THREE, { maxParallelTasks: 5, load, resourceLimits }).shortages;
  assertEquals(shortages({ cpu: 0.8, memory: 0.7, fileHandles: { used: 76, limit: 100 } }, { gpu: 3 }), []);
  assertEquals(shortages({ cpu: 0.81, memory: 0.71, fileHandles: { used: 77, limit: 100 } }, { gpu: 2.5, tpu: 1 }), [
    { kind: "cpu", share: 0.81, most: 0.8 },
    { kind: "memory", share: 0.71, most: 0.7 },
    { kind: "handles", needed: 24, left: 23 },
    { kind: "resource", name: "gpu", asked: 3, limit: 2.5 },
  ]);
});

// S1.10
Deno.test("checkBudget() adds up difficulties, 1 where none is declared", () => {
  const tasks = [{ name: "a", difficulty: 10 }, { name: "b" }, { name: "c", difficulty: 4 }];
  assertEquals(checkBudget(tasks, 15), { total_complexity: 15, max_complexity: 15, within_budget: true });
  assertEquals(checkBudget(tasks, 14), { total_complexity: 15, max_complexity: 14, within_budget: false });
});

// S1.25, S1.26
Deno.test("mergeSettings() takes a flag over the environment over a file over the default", async () => {
  assertEquals(mergeSettings(), DEFAULT_SETTINGS);
  assertEquals(DEFAULT_SETTINGS, {
    maxParallelTasks: 5,
    maxContextComplexity: 30,
    lockTimeoutSeconds: 30,
    retryDelays: [0.1, 0.5, 1, 2],
    conflictResolution: "sequential",
    enableMonitoring: true,
    checkpointFrequency: 3,
    logLevel: "INFO",
  });
  const environment: Record<string, string> = {
    MAX_PARALLEL_TASKS: "7",
    MAX_CONTEXT_COMPLEXITY: "",
    LOCK_TIMEOUT: "2.5",
    GATE_LOG_LEVEL: "debug",
  };
  const { settings: fromEnvironment, diagnostics } = readEnvironment((name) => environment[name]);
  assertEquals(diagnostics, []);
  const { settings: fromFile } = await parseSettings(JSON.stringify({
    max_parallel_tasks: 6,
    max_context_complexity: 40,
    lock_timeout_seconds: 9,
    retry_delays: [1],
    conflict_resolution: "refuse",
    enable_monitoring: false,
    checkpoint_frequency: 4,
  }));
  assertEquals(mergeSettings({ maxParallelTasks: undefined }, fromEnvironment, fromFile), {
    maxParallelTasks: 7,
    maxContextComplexity: 40,
    lockTimeoutSeconds: 2.5,
    retryDelays: [1],
    conflictResolution: "refuse",
    enableMonitoring: false,
    checkpointFrequency: 4,
    logLevel: "DEBUG",
  });
  assertEquals(mergeSettings({ maxParallelTasks: 8 }, fromEnvironment, fromFile).maxParallelTasks, 8);
});

// S1.25, S1.26
Deno.test("settings that are wrong are refused, word for word", async () => {
  const messages = async (text: string) =>
    (await parseSettings(text)).diagnostics.map(({ message, hint }) => hint ? `${message}: ${hint}` : message);
  assertEquals(
    await messages(`{
      // comments are welcome
      "max_paralel_tasks": 5,
      "max_context_complexity": 0,
      "lock_timeout_seconds": "30",
      "retry_delays": [],
      "conflict_resolution": "parallel",
      "enable_monitoring": 1,
      "checkpoint_frequency": 1.5,
    }`),
    [
      "Unknown key 'max_paralel_tasks' in the gate settings: did you mean 'max_parallel_tasks'?",
      "'max_context_complexity' must be an integer from 1 to 10000, not 0",
      "'lock_timeout_seconds' must be a number of seconds from 0 to 1000000, not '30'",
      "'retry_delays' must be a list of numbers of seconds from 0 to 1000000, of one at least, not []",
      "'conflict_resolution' must be 'sequential' or 'refuse', not 'parallel'",
      "'enable_monitoring' must be true or false, not 1",
      "'checkpoint_frequency' must be an integer from 1 to 10000, not 1.5",
    ],
  );
  assertEquals(
    await messages(`{ "lock_timeout_seconds": 1e7, "retry_delays": [2e6] }`),
    [
      "'lock_timeout_seconds' must be a number of seconds from 0 to 1000000, not 10000000",
      "'retry_delays' must be a list of numbers of seconds from 0 to 1000000, of one at least, not [2000000]",
    ],
  );
  // K120
  assertEquals(
    await messages(`{"retry_delays": [${'{"a":'.repeat(9000)}0${"}".repeat(9000)}]}`),
    [`'retry_delays' must be a list of numbers of seconds from 0 to 1000000, of one at least, not [${
      '{"a":'.repeat(11)
    }{"a…`],
  );
  assertEquals(await messages("[]"), ["The gate settings must be an object"]);
  assertEquals(await messages("{"), ["Invalid JSON at line 1, column 2: Unexpected end of JSON input"]);
  const environment: Record<string, string> = {
    MAX_PARALLEL_TASKS: "many",
    LOCK_TIMEOUT: "-1",
    GATE_LOG_LEVEL: "loud",
  };
  assertEquals(readEnvironment((name) => environment[name]).diagnostics.map(({ message }) => message), [
    "'MAX_PARALLEL_TASKS' must be an integer from 1 to 10000, not 'many'",
    "'LOCK_TIMEOUT' must be a number of seconds from 0 to 1000000, not '-1'",
    "'GATE_LOG_LEVEL' must be DEBUG, INFO, WARNING or ERROR, not 'loud'",
  ]);
});
