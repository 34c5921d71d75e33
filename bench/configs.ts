/**
 * Owns the config texts that are only read, never built: long ones and large ones.
 * It writes no file. The same arguments give the same text.
 *
 * @module
 */

/** Bytes of the long config. */
const LONG_BYTES = 500_000;
const LONG_TASKS = 200;
const SOURCES = 20;

/** A config of 200 tasks and 500 KB: long commands, many sources, some environment. */
export function longConfig(): string {
  const render = (padding: number): string => {
    const lines = Array.from({ length: LONG_TASKS }, (_, i) => {
      const name = `library_${i}`;
      return "    " + JSON.stringify({
        name,
        dependencies: [i - 1, i - 10, i - 50].filter((other) => other >= 0).map((other) => `library_${other}`),
        source_files: Array.from({ length: SOURCES }, (_, file) => `packages/${name}/source_${file}.c`),
        output_artifact: `build/${name}/library.o`,
        command: `cc -O2 ${"-DFLAG=\"'value'\" ".repeat(40)}${"x".repeat(padding)} -c $IN -o "$OUT"`,
        env: { CFLAGS: "-O2 -g", LANG: "C" },
        timeout: 300,
        retries: 1,
      });
    });
    return `{\n  "num_workers": 8,\n  "tasks": [\n${lines.join(",\n")}\n  ]\n}\n`;
  };
  return render(Math.floor((LONG_BYTES - render(0).length) / LONG_TASKS));
}

/** The same config as a person might keep it: with a comment on each task, and a trailing comma. */
export function withComments(config: string): string {
  return config.replaceAll(/^ {4}\{/gm, "    // What comes before this task is above it.\n    {")
    .replace(/\n {2}\]\n\}\n$/, ",\n  ],\n}\n");
}

/** A config of many small tasks with exactly so many dependencies, each on a task declared before, drawn at random. */
export function largeConfig(tasks: number, dependencies: number): string {
  const random = randomNumbers();
  const lines: string[] = [];
  let given = 0;
  for (let task = 0; task < tasks; task++) {
    const due = Math.round((task + 1) * dependencies / tasks) - given;
    const needs = new Set<number>();
    while (needs.size < Math.min(due, task)) needs.add(Math.floor(random() * task));
    given += needs.size;
    lines.push(
      "    " + JSON.stringify({
        name: nameOf(task),
        dependencies: [...needs].map(nameOf),
        source_files: [`packages/${nameOf(task)}/source.c`],
        output_artifact: `build/${nameOf(task)}.o`,
        command: `cc -c $IN -o "$OUT"`,
      }),
    );
  }
  if (given !== dependencies) throw new Error(`Bug: ${given} dependencies in place of ${dependencies}`);
  return `{\n  "num_workers": 8,\n  "tasks": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

function nameOf(task: number): string {
  return `library_${String(task).padStart(6, "0")}`;
}

/** Numbers in [0, 1), always the same ones: a linear congruence, good enough to draw tasks. */
function randomNumbers(): () => number {
  let state = 1;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
