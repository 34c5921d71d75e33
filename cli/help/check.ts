/**
 * Owns the help of the commands that check something: `check`, `batches`, `locks`.
 *
 * @module
 */
import type { Option, Page } from "./page.ts";
import * as shared from "./shared.ts";

const JOBS: Option = {
  flag: "jobs",
  short: "j",
  value: "N",
  text: "tasks that may run at once (default: max_parallel_tasks of the settings, or 5)",
};

const WHAT_RUNS: Option = {
  flag: "db",
  value: "PATH",
  text: "the history or crew's database that tells what runs now (default: taskrun.db and crew.sqlite)",
};

export const CHECK_PAGE: Page = {
  command: "check",
  group: "check",
  summary: "Tell whether tasks may run together, and what to do where they may not",
  brief: "tell whether tasks may run together",
  usage: ["check [FILE] [NAME…] [OPTIONS]"],
  words: [
    shared.FILE_WORD,
    [
      "NAME",
      "tasks that are to be started at the same time, by names and patterns; without any, all of FILE, in the order " +
      "that their dependencies give them, some at a time: then their number and difficulty are only told",
    ],
  ],
  positional: Infinity,
  options: [
    { title: "What is asked", options: [shared.CONFIG_OPTION, JOBS, shared.GATES_OPTION, WHAT_RUNS] },
    { title: "What is shown", options: [{ flag: "json", text: "the report as JSON" }, shared.HELP_OPTION] },
  ],
  files: [shared.CONFIG_FILE, shared.GATES_FILE],
  environment: shared.GATE_VARIABLES,
  exits: [["0", "they may"], ["1", "they may not"], ["2", "the input is wrong"], shared.BUG_EXIT],
  examples: [
    ["troupe check", "the whole config"],
    ["troupe check seed lint", "whether these two may be started at the same time"],
  ],
};

export const BATCHES_PAGE: Page = {
  command: "batches",
  group: "check",
  summary: "Suggest batches of tasks that may each run together, one batch after another",
  brief: "suggest batches of tasks that may run together",
  usage: ["batches [FILE] [NAME…] [OPTIONS]"],
  words: [
    shared.FILE_WORD,
    ["NAME", "only these tasks, by names and patterns; what else they need counts as done"],
  ],
  positional: Infinity,
  options: [
    {
      title: "What is asked",
      options: [
        shared.CONFIG_OPTION,
        JOBS,
        { flag: "progressive", text: "begin with small batches: at most 2 tasks, then 3, then 5" },
        shared.GATES_OPTION,
        WHAT_RUNS,
      ],
    },
    shared.SHOWN,
  ],
  files: [shared.CONFIG_FILE, shared.GATES_FILE],
  environment: shared.GATE_VARIABLES,
  exits: shared.SHOW_EXITS,
  examples: [["troupe batches 'web:*' --progressive", "small batches first"]],
};

export const LOCKS_PAGE: Page = {
  command: "locks",
  group: "check",
  summary: "List who holds file locks, and who waits for one with precedence",
  brief: "list who holds file locks",
  usage: ["locks [OPTIONS]"],
  positional: 0,
  options: [
    {
      title: "Which locks",
      options: [
        {
          flag: "folder",
          value: "DIR",
          text:
            "the folder whose locks are in DIR/.troupe/locks (default: this one or, where it has none, that of the " +
            "config found)",
        },
      ],
    },
    {
      title: "What is deleted",
      options: [
        { flag: "clean", text: "remove those of processes that have ended, and those that cannot be understood" },
      ],
    },
    shared.SHOWN,
  ],
  files: [[".troupe/locks", "a file for each lock"]],
  exits: shared.SHOW_EXITS,
  examples: [["troupe locks --clean", "after a process was killed"]],
};
