/**
 * Owns the pages of help that are no command's: what a config may say, how to use troupe in CI, what exit codes mean.
 * The keys of a config are told by the schema.
 *
 * @module
 */
import schema from "../../schema.json" with { type: "json" };
import type { HelpEntry, Topic } from "./page.ts";

const EXAMPLE = `{
  "tasks": [
    {
      "name": "numbers",
      "description": "All numbers, sorted",
      "source_files": ["data/*.csv"],
      "output_artifact": "build/numbers.txt",
      "command": "sort data/*.csv > \\"$OUT\\""
    },
    { "name": "title", "output_artifact": "build/title.txt", "content": "Numbers\\n" },
    { "name": "report", "dependencies": ["title", "numbers"], "output_artifact": "build/report.txt" }
  ]
}`;

const TEMPLATE_EXAMPLE = `{
  "include": "packages/*/build.json",
  "defaults": { "timeout": 300 },
  "tasks": [
    {
      "name": "compile:{stem}",
      "for_each": "src/*.c",
      "source_files": ["{path}"],
      "output": "build/{stem}.o",
      "command": "cc -c {path} -o \\"$OUT\\""
    },
    { "name": "link", "dependencies": ["compile:*"], "output": "build/app", "command": "cc $DEPS -o \\"$OUT\\"" }
  ]
}`;

const TASK_FILE_EXAMPLE = `# All that others need
fetch: ./fetch.sh
lint: npm run lint [after:fetch]
unit_tests: npm test [after:fetch] [timeout:300] [retries:1]`;

export const CONFIG_TOPIC: Topic = {
  topic: "config",
  summary: "What a config and a task file may say",
  parts: [
    {
      text: "The config is build.json or build.jsonc, in this folder or the nearest one above, or the file that is " +
        "named. Comments and trailing commas are welcome; paths start at its folder, and commands run there.",
    },
    { title: "A config", code: EXAMPLE },
    { title: "One task for each file, and tasks of other configs", code: TEMPLATE_EXAMPLE },
    { title: "Keys", entries: entriesOf(schema.properties) },
    { title: "Keys of a task", entries: entriesOf(schema.definitions.task.properties) },
    {
      title: "What a command finds",
      entries: [
        ["OUT", "the path to write its artifact to, the first of several; it may also write output_artifact itself"],
        ["OUT_1, OUT_2, …", "the same for each of its outputs; a folder is there, and empty"],
        ["OUTS", "all of these, each quoted for the shell"],
        ["IN", "its sources, separated by blanks"],
        ["DEPS", "the artifacts of its dependencies, in order"],
        ["IN_FILE, DEPS_FILE", "files with these lists, one a line, where its text names them or a list is too long"],
        ["TASK", "its name, where its text names this variable"],
      ],
    },
    { title: "A task file", code: TASK_FILE_EXAMPLE },
    {
      title: "Suffixes of a task",
      entries: [
        ["[after:a,b]", "what must have passed first"],
        ["[timeout:S]", "seconds for one attempt"],
        ["[grace:S]", "seconds between asking it to end and killing it"],
        ["[retries:N]", "further attempts after a failed one"],
        ["[reads:…] [writes:…]", "files, folders and globs; for the gates"],
        ["[resource:gpu=1]", "how much it holds of what there is only so much of"],
        ["[requires:gpu]", "labels that a member of a crew must have"],
      ],
    },
    { text: 'For an editor: troupe schema > schema.json, and "$schema": "./schema.json" in the config.' },
  ],
};

const GITHUB = `- run: troupe build --junit build/junit.xml
- if: failure()
  run: troupe show last --failed`;

const GITLAB = `build:
  script: troupe build --junit build/junit.xml
  artifacts:
    when: always
    paths: [build/, taskrun.db]
    reports: { junit: build/junit.xml }`;

export const CI_TOPIC: Topic = {
  topic: "ci",
  summary: "How to use troupe in CI",
  parts: [
    {
      text: "With CI set there is no live display, and where the output is no terminal the lines are plain: one as " +
        "each task starts and ends, and what a failed one printed below its line. The exit code tells whether to go on.",
    },
    {
      text:
        "In GitHub Actions and GitLab, which are known by their environment, what each task printed can be folded " +
        "away. In GitHub no task can give the runner a command so, errors and warnings with a place are shown beside " +
        "the code, and the page of the job has a table. --log lines is as elsewhere.",
    },
    { title: "GitHub Actions", code: GITHUB },
    { title: "GitLab", code: GITLAB },
    {
      title: "Flags for it",
      entries: [
        ["--report FILE", "the report as JSON, beside the lines"],
        ["--junit FILE", "a report in the form of JUnit, a case for each attempt"],
        ["--events FILE", "all that happens, one JSON object a line; see troupe help events"],
        ["--json", "the report to stdout, and the lines to stderr"],
        ["--fail-fast", "start nothing more after the first failed task"],
        ["-j N", "workers; the default for builds is 8 whatever the machine"],
        ["--max-load P", "where others use the machine too"],
        ["--no-history", "leave no taskrun.db behind"],
      ],
    },
    {
      text:
        "To build only what no job has built yet, keep a store between jobs (TROUPE_STORE, in the cache of the CI), or " +
        "have them share a remote cache: TROUPE_REMOTE in all of them, TROUPE_REMOTE_WRITE=1 only where what is built " +
        "is trusted, as on the main branch. Files are compared by content, so a fresh checkout makes nothing run.",
    },
  ],
};

export const EXIT_TOPIC: Topic = {
  topic: "exit-codes",
  summary: "What exit codes mean",
  parts: [
    {
      title: "Exit codes",
      entries: [
        ["0", "all well; also troupe alone where there is a config"],
        ["1", "a task failed or timed out, the gates refused, or the output could not be written"],
        ["2", "the input is wrong (config, task file, names, flags), and nothing was started; or there is no config"],
        ["70", "a bug in troupe, with a stack: please report it"],
        ["129, 130, 143", "ended by SIGHUP, by Ctrl-C (SIGINT), by SIGTERM: what ran was ended in good order"],
        ["137", "killed (SIGKILL), as by a lack of memory: what ran is ended by troupe's watchdog"],
      ],
    },
    { text: "A build with failed tasks goes on with all that does not need them, and then exits 1." },
    { text: "When the input is wrong, --json writes nothing to stdout: what is wrong stands on stderr." },
    { text: "troupe help COMMAND has what differs for a command." },
  ],
};

function entriesOf(properties: Readonly<Record<string, object>>): HelpEntry[] {
  return Object.entries(properties).flatMap(([key, value]): HelpEntry[] => {
    const text = descriptionOf(value);
    return text === undefined ? [] : [[key, text]];
  });
}

/** Its own, or that of the definition that it refers to. */
function descriptionOf(value: object): string | undefined {
  if ("description" in value) return String(value.description);
  const name = "$ref" in value ? String(value.$ref).slice("#/definitions/".length) : undefined;
  const definition = name === undefined ? undefined : (schema.definitions as Readonly<Record<string, object>>)[name];
  return definition && descriptionOf(definition);
}
