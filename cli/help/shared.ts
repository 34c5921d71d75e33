/**
 * Owns what the help of several commands has in common.
 *
 * @module
 */
import { FACES } from "../../actors/terminal/face.ts";
import type { HelpEntry, Option, OptionGroup } from "./page.ts";

export const HELP_OPTION: Option = { flag: "help", short: "h", text: "show this help" };

export const CONFIG_OPTION: Option = {
  flag: "config",
  short: "c",
  value: "FILE",
  text: "the config, or the task file; then all words are names",
};

export const TASK_OPTION: Option = {
  flag: "task",
  short: "t",
  value: "NAME",
  isRepeated: true,
  text: "the same as NAME, also for a name that looks like a path; may be repeated",
};

export const TAG_OPTION: Option = {
  flag: "tag",
  value: "TAG",
  isRepeated: true,
  text: "all tasks of the config that have this tag, as if they were named; the word '#TAG' means the same",
};

/** The number of workers of builds; runs and crews have defaults of their own. */
export const JOBS_OPTION: Option = {
  flag: "jobs",
  short: "j",
  value: "N",
  text: "number of workers (default: num_workers of the config, or 8)",
};

/** Where artifacts are kept that may be wanted again. */
export const STORE_OPTIONS: readonly Option[] = [
  {
    flag: "store",
    value: "PATH",
    text: "keep artifacts in this store and take them out of it; several checkouts and builds may share one " +
      "(default: TROUPE_STORE, or .troupe/store beside the config)",
  },
  { flag: "no-store", text: "use no store" },
  {
    flag: "remote",
    value: "URL",
    text: "ask this HTTP cache for what the store does not have (default: TROUPE_REMOTE, or that of the config)",
  },
  { flag: "remote-write", text: "also send there what is made here" },
  { flag: "no-remote", text: "use no remote cache" },
];

export const STORE_VARIABLES: readonly HelpEntry[] = [
  ["TROUPE_STORE", "the path of the store"],
  ["TROUPE_STORE_LIMIT", "how much it may keep, as 500MB (default: store_limit of the config, or 5GB)"],
  ["TROUPE_STORE_DAYS", "for how many days it keeps what is not used (default: store_days of the config, or 30)"],
  ["TROUPE_REMOTE", "the address of a remote cache"],
  ["TROUPE_REMOTE_WRITE", "1: also send there what is made here"],
  ["TROUPE_REMOTE_KEY", "a secret: records are signed with it, and others are not believed"],
  ["TROUPE_REMOTE_HEADER", "a header for each request, as 'Authorization: Bearer …'; a line for each"],
  ["TROUPE_REMOTE_MIN_MS", "work that took less is not sent (default: remote_min_ms of the config, or 100)"],
];

export const STORE_FILE: HelpEntry = [
  ".troupe/store/",
  "what was built before, beside the config; may be deleted at any time",
];

export const FAIL_FAST_OPTION: Option = {
  flag: "fail-fast",
  text: "start nothing more after the first failed task",
};

export const GRACE_OPTION: Option = {
  flag: "grace",
  value: "S",
  text: "seconds between asking a task to end and killing it, for one without a grace (default: 5)",
};

export const VALIDATE_OPTION: Option = {
  flag: "validate",
  text: "ask the gates first (see troupe check), show what they say, and keep apart what conflicts",
};

export const LOCKS_OPTION: Option = {
  flag: "locks",
  text: "have each task lock what it declares to read and write while it runs; --validate does so too",
};

export const GATES_OPTION: Option = {
  flag: "gates",
  value: "FILE",
  text: "the settings of the gates (default: parallel-execution.json beside the config, if there is one)",
};

export const LOAD_OPTIONS: readonly Option[] = [
  {
    flag: "max-load",
    value: "P",
    text: "start nothing more while the CPUs are busier than P, as 80%; one task always runs",
  },
  { flag: "max-memory", value: "P", text: "the same for the memory, as 70%" },
];

export const VERBOSE_OPTION: Option = {
  flag: "verbose",
  short: "v",
  text: "also show why each task runs and what it prints",
};

export const RUN_JSON_OPTION: Option = {
  flag: "json",
  text: "write the report to stdout as JSON, and all lines to stderr",
};

/** What keeps running tasks from harming each other, and the machine. */
export const RESTRAINT_OPTIONS: readonly Option[] = [
  GRACE_OPTION,
  VALIDATE_OPTION,
  LOCKS_OPTION,
  GATES_OPTION,
  ...LOAD_OPTIONS,
];

export const LOG_OPTION: Option = {
  flag: "log",
  value: "FACE",
  among: FACES,
  text:
    "how it shows itself: live, with a view of what runs (on a terminal), lines (elsewhere), stream, with all that " +
    "tasks print as it comes, group, with what each task printed in one block, or github or gitlab, the same for these",
};

export const EVENTS_OPTION: Option = {
  flag: "events",
  value: "FILE",
  mayBeDash: true,
  text: "write all that happens to a file as it does, one JSON object a line; - for stdout. See troupe help events",
};

export const REPORT_OPTION: Option = { flag: "report", value: "FILE", text: "write the report to a file as JSON" };

export const SINCE_FAILED_OPTION: Option = {
  flag: "since-failed",
  text: "only what did not pass in the last recorded run: the same as troupe retry last",
};

export const JUNIT_OPTION: Option = {
  flag: "junit",
  value: "FILE",
  text: "write a report in the form of JUnit, a case for each attempt",
};

export const QUIET_OPTION: Option = { flag: "quiet", short: "q", text: "show only what goes wrong" };

export const JSON_OPTION: Option = { flag: "json", text: "as JSON" };

/** What a reader of the history is told. */
export const HISTORY_OPTION: Option = {
  flag: "db",
  value: "PATH",
  text: "the history (default: taskrun.db in this folder or, where there is none, beside the config found)",
};

/** The flags of a command that only shows something. */
export const SHOWN: OptionGroup = { title: "What is shown", options: [JSON_OPTION, HELP_OPTION] };

export const CONFIG_WORD: HelpEntry = [
  "CONFIG",
  "the build config (default: build.json or build.jsonc in this folder or the nearest one above)",
];

export const FILE_WORD: HelpEntry = [
  "FILE",
  "a build config (.json, .jsonc) or a task file (default: build.json or build.jsonc in this folder or the nearest one above)",
];

export const CONFIG_FILE: HelpEntry = ["build.json, build.jsonc", "the config, here or above; see troupe help config"];

export const HISTORY_FILE: HelpEntry = ["taskrun.db", "the history, an SQLite database"];

export const CREW_FILE: HelpEntry = ["crew.sqlite", "the crew's database, here or beside the config found"];

export const GATES_FILE: HelpEntry = ["parallel-execution.json", "the settings of the gates, beside the config"];

export const SCREEN_VARIABLES: readonly HelpEntry[] = [
  ["CI, TERM=dumb", "no live display"],
  ["GITHUB_ACTIONS, GITLAB_CI", "what tasks print is folded as these have it; see troupe help ci"],
  ["NO_COLOR, FORCE_COLOR", "no colour; colour also where the output is no terminal"],
];

export const GATE_VARIABLES: readonly HelpEntry[] = [
  [
    "MAX_PARALLEL_TASKS, MAX_CONTEXT_COMPLEXITY",
    "what the settings of the gates call max_parallel_tasks and max_context_complexity",
  ],
  ["LOCK_TIMEOUT, GATE_LOG_LEVEL", "lock_timeout_seconds, and how much the gates say (DEBUG, INFO, WARNING, ERROR)"],
];

export const BUG_EXIT: HelpEntry = ["70", "a bug in troupe: please report it"];

export const SIGNAL_EXIT_ENTRY: HelpEntry = [
  "128+n",
  "ended by signal n: 130 by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP",
];

/** How a command ends that runs tasks. */
export const RUN_EXITS: readonly HelpEntry[] = [
  ["0", "all well"],
  ["1", "a task failed or timed out, the gates refused, or the output could not be written"],
  ["2", "the input is wrong: config, task file, names, flags"],
  BUG_EXIT,
  SIGNAL_EXIT_ENTRY,
];

/** How a command ends that only shows something. */
export const SHOW_EXITS: readonly HelpEntry[] = [
  ["0", "shown"],
  ["1", "the output could not be written"],
  ["2", "the input is wrong, or there is nothing of that name"],
  BUG_EXIT,
];
