/**
 * Owns the projects that are built in a measured run: the same tasks written down for troupe, ninja and make.
 * It runs nothing. Every task has a source and a command of its own, because troupe does equal work only once.
 *
 * @module
 */
import type { Space } from "./space.ts";

/** One task in the terms that all three tools share. */
interface Rule {
  readonly output: string;
  /** What the command reads: a source, or another rule's output. */
  readonly input: string;
  /** Index of the rule whose output that is. */
  readonly after?: number;
}

/** A project on disk, for one tool to build. */
export interface Project {
  readonly folder: string;
  readonly size: number;
  /** Path of a source whose edit makes one task necessary, and of that task's artifact. */
  readonly source: string;
  readonly artifact: string;
}

/** How a command reads its input and writes its output. */
export type CommandText = (input: string, output: string) => string;

/** One program and a redirection: what troupe starts without a shell. */
export const CAT: CommandText = (input, output) => `cat ${input} > ${output}`;
/** Two programs: what takes a shell. */
export const PIPE: CommandText = (input, output) => `cat ${input} | cat > ${output}`;

/** What a project is given; everything else in its folder a build made. */
export const GIVEN: readonly string[] = ["build.json", "build.ninja", "Makefile", "src"];

/** Writes a project of tasks that do not need each other. */
export function independentProject(space: Space, size: number, command: CommandText = CAT): Project {
  const rules = Array.from({ length: size }, (_, i): Rule => ({ output: `out/${i}.txt`, input: `src/${i}.txt` }));
  return writeProject(space.folder("independent"), rules, command);
}

/** Writes a project in which every task reads the artifact of the one before. */
export function chainProject(space: Space, size: number): Project {
  const rules = Array.from({ length: size }, (_, i): Rule => ({
    output: `out/${i}.txt`,
    input: i === 0 ? "src/0.txt" : `out/${i - 1}.txt`,
    after: i === 0 ? undefined : i - 1,
  }));
  return writeProject(space.folder("chain"), rules, CAT);
}

/** Writes a project of tasks without commands, for troupe alone. */
export function contentProject(space: Space, size: number): Project {
  const folder = space.folder("content");
  const tasks = Array.from({ length: size }, (_, i) => ({
    name: `t${i}`,
    output_artifact: `out/${i}.txt`,
    content: `This is artifact ${i}.\n`,
  }));
  writeConfig(folder, tasks);
  return { folder, size, source: `${folder}/build.json`, artifact: `${folder}/out/0.txt` };
}

function writeProject(folder: string, rules: readonly Rule[], command: CommandText): Project {
  Deno.mkdirSync(`${folder}/src`);
  for (const { input } of rules.filter((rule) => rule.after === undefined)) {
    Deno.writeTextFileSync(`${folder}/${input}`, `This is ${input}.\n`);
  }
  writeConfig(
    folder,
    rules.map(({ output, input, after }, i) => ({
      name: `t${i}`,
      ...(after === undefined ? { source_files: [input] } : { dependencies: [`t${after}`] }),
      output_artifact: output,
      command: command(input, '"$OUT"'),
    })),
  );
  Deno.writeTextFileSync(
    `${folder}/build.ninja`,
    `rule make\n  command = ${command("$in", "$out")}\n\n` +
      rules.map(({ output, input }) => `build ${output}: make ${input}\n`).join(""),
  );
  // Ninja makes output folders itself; make is told to once, before the first command.
  Deno.writeTextFileSync(
    `${folder}/Makefile`,
    `$(shell mkdir -p out)\nall: ${rules.map((rule) => rule.output).join(" ")}\n\n` +
      rules.map(({ output, input }) => `${output}: ${input}\n\t${command(input, output)}\n`).join("\n"),
  );
  const middle = rules.findLast((rule, i) => rule.after === undefined && i <= rules.length / 2)!;
  return {
    folder,
    size: rules.length,
    source: `${folder}/${middle.input}`,
    artifact: `${folder}/${middle.output}`,
  };
}

function writeConfig(folder: string, tasks: readonly object[]): void {
  const lines = tasks.map((task) => `    ${JSON.stringify(task)}`);
  Deno.writeTextFileSync(`${folder}/build.json`, `{\n  "tasks": [\n${lines.join(",\n")}\n  ]\n}\n`);
}
