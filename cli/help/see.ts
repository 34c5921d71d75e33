/**
 * Owns the help of the commands that show something: `list`, `history`, `show`.
 *
 * @module
 */
import type { Page } from "./page.ts";
import * as shared from "./shared.ts";

export const WHY_PAGE: Page = {
  command: "why",
  group: "see",
  summary: "Tell when a task was last done and why, what that caused, and what would make it run now",
  brief: "tell when and why a task was last done",
  usage: ["why NAME [OPTIONS]", "why NAME --runs N M"],
  words: [["NAME", "the task"]],
  positional: 2,
  about: [
    "All but the last line is from the history. Inputs that were otherwise than the time before stand with the first " +
    "digits of both digests: ~ changed, + added, - removed.",
  ],
  options: [
    {
      title: "What is compared",
      options: [{ flag: "runs", value: "N", text: "instead, the inputs of two runs: --runs 5 8" }],
    },
    {
      title: "Where from",
      options: [
        { ...shared.CONFIG_OPTION, text: "the build config (default: build.json or build.jsonc, here or above)" },
        shared.HISTORY_OPTION,
      ],
    },
    shared.SHOWN,
  ],
  files: [shared.CONFIG_FILE, shared.HISTORY_FILE],
  exits: shared.SHOW_EXITS,
  examples: [
    ["troupe why web:bundle", "why it ran the last time, and whether it would now"],
    ["troupe why web:bundle --runs 5 8", "in which inputs the two runs differ"],
  ],
};

export const LIST_PAGE: Page = {
  command: "list",
  group: "see",
  summary: "List tasks: what each is for and makes, how it stands, and how long it takes",
  brief: "list tasks, and how they stand",
  usage: ["list [FILE] [NAME…] [OPTIONS]"],
  words: [shared.FILE_WORD, ["NAME", "only this task; a pattern such as 'web:*' means all that it matches"]],
  positional: Infinity,
  about: [
    "A task is up to date, would run (and why), or failed last. What it is for stands in its key description, or in the " +
    "comment lines right above it in a task file. LAST is how long its last attempt took, USUAL the median of its last " +
    "passes, by the history. Nothing is run.",
  ],
  options: [
    { title: "Which tasks", options: [shared.CONFIG_OPTION, shared.TASK_OPTION, shared.TAG_OPTION] },
    {
      title: "What is shown",
      options: [
        { flag: "names", text: "only the names, one a line, without a look at how they stand" },
        { flag: "tags", text: "the same for the tags that there are" },
        shared.JSON_OPTION,
        shared.HELP_OPTION,
      ],
    },
    {
      title: "Where from",
      options: [{
        ...shared.HISTORY_OPTION,
        text: "the history (default: taskrun.db beside the config found, or in this folder)",
      }],
    },
  ],
  files: [shared.CONFIG_FILE, [".build_cache.json", "what was built, beside the config"], shared.HISTORY_FILE],
  environment: shared.SCREEN_VARIABLES,
  exits: shared.SHOW_EXITS,
  examples: [
    ["troupe list", "all tasks of the config found here or above"],
    ["troupe list 'web:*' --json", "some of them, for scripts"],
    ["troupe list tests.txt", "those of a task file"],
  ],
};

export const HISTORY_PAGE: Page = {
  command: "history",
  group: "see",
  summary: "List recorded runs, newest first",
  usage: ["history [OPTIONS]"],
  positional: 0,
  options: [
    {
      title: "Which runs",
      options: [
        { flag: "limit", short: "n", value: "N", text: "how many runs (default: 20)" },
        { flag: "failed", text: "only runs of which a task failed or timed out" },
        { flag: "task", short: "t", value: "NAME", text: "only runs in which this task was tried" },
        { flag: "since", value: "TIME", text: "only runs begun since then: 90s, 30m, 12h, 2d, 3w, or 2026-01-31" },
        shared.HISTORY_OPTION,
      ],
    },
    {
      title: "What is deleted",
      options: [
        { flag: "prune", value: "N", text: "delete all runs but the newest N, and say how many" },
      ],
    },
    {
      title: "What is shown",
      options: [
        { flag: "long", short: "l", text: "also what each run was (on a terminal that is always shown)" },
        shared.JSON_OPTION,
        shared.HELP_OPTION,
      ],
    },
  ],
  files: [shared.HISTORY_FILE],
  exits: shared.SHOW_EXITS,
  examples: [
    ["troupe history -n 5", "the last five runs"],
    ["troupe history --failed --since 2d", "what failed since the day before yesterday"],
    ["troupe history --prune 100", "keep the last hundred"],
  ],
};

export const SHOW_PAGE: Page = {
  command: "show",
  group: "see",
  summary: "Show a recorded run, or one of its tasks with what it printed",
  brief: "show a recorded run, or one of its tasks",
  usage: ["show RUN [OPTIONS]", "show --db CREW --task NAME [--workflow NAME]"],
  words: [["RUN", "its number, or 'last'"]],
  positional: 1,
  about: ["With a crew's database it shows a task of the crew, with what it printed when it failed."],
  options: [
    {
      title: "What is looked at",
      options: [
        { flag: "task", short: "t", value: "NAME", text: "this task, with what it printed at every attempt" },
        { flag: "failed", text: "only tasks that failed or timed out" },
        shared.HISTORY_OPTION,
        { flag: "workflow", value: "NAME", text: "of a crew: which of several in its database (default: main)" },
      ],
    },
    shared.SHOWN,
  ],
  files: [shared.HISTORY_FILE],
  exits: shared.SHOW_EXITS,
  examples: [
    ["troupe show last --failed", "what failed just now"],
    ["troupe show 42 --task web:test", "what this task printed in run 42"],
  ],
};
