/**
 * Owns the help of the commands that do work: `build`, `run`, `retry`, `clean`.
 *
 * @module
 */
import type { Option, Page } from "./page.ts";
import * as shared from "./shared.ts";

const RUN_JSON: Option = { flag: "json", text: "write the run to stdout as JSON, and all lines to stderr" };
const RUN_VERBOSE: Option = { flag: "verbose", short: "v", text: "show what tasks print as it comes" };
const RUN_JOBS: Option = {
  flag: "jobs",
  short: "j",
  value: "N",
  text: "tasks at once (default: the CPUs this process may use)",
};

export const BUILD_PAGE: Page = {
  command: "build",
  group: "do",
  summary: "Build the artifacts of a config that are not up to date",
  brief: "build what is not up to date",
  usage: ["build [CONFIG] [NAME…] [OPTIONS]", "NAME… [OPTIONS]"],
  words: [
    shared.CONFIG_WORD,
    [
      "NAME",
      "build this task and what it needs; a pattern such as 'web:*' means all that it matches, with * for any " +
      "characters and ? for one. Where a command has the same name, troupe NAME is the command and " +
      "troupe build NAME the task",
    ],
  ],
  positional: Infinity,
  about: [
    "A word is a file if it ends in .json, .jsonc or .txt, has a slash, or is the path of a config; all others are " +
    "names. With a config from a folder above, all is as if troupe were started there.",
  ],
  options: [
    {
      title: "What is built",
      options: [
        shared.CONFIG_OPTION,
        shared.TASK_OPTION,
        shared.TAG_OPTION,
        { flag: "force", short: "f", text: "do every task again, whatever the build cache and the store say" },
        ...shared.STORE_OPTIONS,
        { flag: "dry-run", short: "n", text: "show what would run, and why; run nothing" },
        shared.SINCE_FAILED_OPTION,
      ],
    },
    {
      title: "How it is built",
      options: [
        shared.JOBS_OPTION,
        shared.FAIL_FAST_OPTION,
        {
          flag: "transaction",
          text: "all or nothing: unless every task succeeds, all artifacts are put back as they were",
        },
        {
          flag: "fallback",
          value: "sequential",
          among: ["sequential"],
          text: "after such a failure, once more, one task at a time",
        },
        ...shared.RESTRAINT_OPTIONS,
      ],
    },
    {
      title: "What is said",
      options: [
        shared.QUIET_OPTION,
        shared.VERBOSE_OPTION,
        shared.LOG_OPTION,
        shared.RUN_JSON_OPTION,
        shared.REPORT_OPTION,
        shared.JUNIT_OPTION,
        shared.EVENTS_OPTION,
        shared.HELP_OPTION,
      ],
    },
    {
      title: "What is recorded",
      options: [
        {
          flag: "db",
          value: "PATH",
          text:
            "record the build in this history (default: taskrun.db, beside a config that was found), unless there is " +
            "nothing to do",
        },
        { flag: "no-history", text: "do not record it" },
      ],
    },
  ],
  files: [
    shared.CONFIG_FILE,
    [".build_cache.json", "what was built, beside the config; may be deleted at any time"],
    shared.STORE_FILE,
    shared.HISTORY_FILE,
    shared.GATES_FILE,
  ],
  environment: [...shared.STORE_VARIABLES, ...shared.SCREEN_VARIABLES, ...shared.GATE_VARIABLES],
  exits: shared.RUN_EXITS,
  examples: [
    ["troupe build", "all that is not up to date"],
    ["troupe web:bundle 'api:*'", "these and what they need"],
    ["troupe build -n", "what would run, and why"],
    ["troupe build ci.json -j 4 --report report.json", "another config, four workers, and a report"],
  ],
};

export const RUN_PAGE: Page = {
  command: "run",
  group: "do",
  summary: "Run the shell tasks of a task file, and record them in a history",
  brief: "run the shell tasks of a task file",
  usage: ["run [TASKFILE] [NAME…] [OPTIONS]"],
  words: [
    [
      "TASKFILE",
      "lines of the form  name: command [after:a,b] [timeout:S] [grace:S] [retries:N]; a build config (.json, " +
      ".jsonc) is built, and recorded the same way",
    ],
    ["NAME", "run this task and what it needs; a pattern such as 'test_*' means all that it matches"],
  ],
  positional: Infinity,
  about: [
    "Without a file, names are those of the config found here or above. A build takes the flags of troupe build.",
  ],
  options: [
    {
      title: "What is run",
      options: [
        shared.CONFIG_OPTION,
        shared.TASK_OPTION,
        { flag: "dry-run", short: "n", text: "show what would run, and in which order; run nothing" },
        shared.SINCE_FAILED_OPTION,
      ],
    },
    {
      title: "How it is run",
      options: [
        RUN_JOBS,
        shared.FAIL_FAST_OPTION,
        { flag: "timeout", value: "S", text: "seconds for a task that has no timeout of its own (default: 60)" },
        ...shared.RESTRAINT_OPTIONS,
      ],
    },
    {
      title: "What is said",
      options: [
        shared.QUIET_OPTION,
        RUN_VERBOSE,
        shared.LOG_OPTION,
        RUN_JSON,
        shared.REPORT_OPTION,
        shared.JUNIT_OPTION,
        shared.EVENTS_OPTION,
        shared.HELP_OPTION,
      ],
    },
    {
      title: "What is recorded",
      options: [
        { flag: "db", value: "PATH", text: "the history (default: taskrun.db in this folder)" },
      ],
    },
  ],
  files: [shared.HISTORY_FILE, shared.GATES_FILE],
  environment: [...shared.SCREEN_VARIABLES, ...shared.GATE_VARIABLES],
  exits: shared.RUN_EXITS,
  examples: [
    ["troupe run tests.txt", "all of its tasks"],
    ["troupe run tests.txt 'unit_*' -j 2", "some of them and what they need, two at a time"],
    ["troupe run build.json", "a build, and where it was recorded"],
  ],
};

export const RETRY_PAGE: Page = {
  command: "retry",
  group: "do",
  summary: "Run again what did not pass in a recorded run",
  usage: ["retry RUN [OPTIONS]"],
  words: [["RUN", "its number, or 'last'"]],
  positional: 1,
  about: [
    "Failed, timed-out and skipped tasks are run again, with the commands as they were recorded, or built again from " +
    "the config. Tasks that passed are not, and count as done for those that need them.",
  ],
  options: [
    {
      title: "How it is run",
      options: [
        RUN_JOBS,
        {
          flag: "timeout",
          value: "S",
          text: "seconds for a task that has no timeout of its own (default: that of the run)",
        },
        shared.GRACE_OPTION,
        { ...shared.LOCKS_OPTION, text: "have each task lock what it declares to read and write while it runs" },
        ...shared.LOAD_OPTIONS,
      ],
    },
    {
      title: "What is said",
      options: [
        shared.QUIET_OPTION,
        RUN_VERBOSE,
        shared.LOG_OPTION,
        RUN_JSON,
        shared.JUNIT_OPTION,
        shared.EVENTS_OPTION,
        shared.HELP_OPTION,
      ],
    },
    { title: "What is recorded", options: [shared.HISTORY_OPTION] },
  ],
  files: [shared.HISTORY_FILE],
  environment: shared.SCREEN_VARIABLES,
  exits: shared.RUN_EXITS,
  examples: [
    ["troupe retry last", "what did not pass just now"],
    ["troupe retry 42", "what did not pass in run 42"],
  ],
};

export const CLEAN_PAGE: Page = {
  command: "clean",
  group: "do",
  summary: "Delete artifacts that builds have made and nobody has edited since",
  brief: "delete what builds have made",
  usage: ["clean [CONFIG] [NAME…] [OPTIONS]"],
  words: [
    shared.CONFIG_WORD,
    [
      "NAME",
      "only what this task made, and nothing of what it needs; a pattern such as 'web:*' means all that it matches",
    ],
  ],
  positional: Infinity,
  about: [
    "Without names it deletes the artifacts of all tasks, and those of tasks that are no longer in the config. A file that " +
    "was edited or replaced, or that troupe did not put there, stays and is told of; so do folders, the build cache, and " +
    "files that commands wrote beside their artifacts. It waits for builds of the same folder, and they for it.",
  ],
  options: [
    {
      title: "What is deleted",
      options: [
        shared.CONFIG_OPTION,
        shared.TASK_OPTION,
        shared.TAG_OPTION,
        { flag: "stale", text: "only artifacts of tasks that are no longer in the config" },
        { flag: "dry-run", short: "n", text: "show what would be deleted; delete nothing" },
      ],
    },
    {
      title: "What is said",
      options: [
        { flag: "quiet", short: "q", text: "only what cannot be deleted" },
        { flag: "verbose", short: "v", text: "also each artifact that is deleted" },
        shared.JSON_OPTION,
        shared.HELP_OPTION,
      ],
    },
  ],
  files: [shared.CONFIG_FILE, [".build_cache.json", "what was built, beside the config"]],
  environment: shared.SCREEN_VARIABLES,
  exits: [
    ["0", "all that was to be deleted is"],
    ["1", "something could not be deleted, or the output not be written"],
    ["2", "the input is wrong: config, names, flags"],
    shared.BUG_EXIT,
    shared.SIGNAL_EXIT_ENTRY,
  ],
  examples: [
    ["troupe clean --dry-run", "what would be deleted"],
    ["troupe clean 'web:*'", "what some tasks made"],
    ["troupe clean --stale", "what nothing makes any more"],
  ],
};
