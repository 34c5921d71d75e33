/**
 * Owns the lists of files that a command is told: in its environment, as far as they fit there, and in files for a command
 * that names these (`IN_FILE`, `DEPS_FILE`) or whose list does not fit. The files are gone when the attempt is over.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { asksForList } from "../../graph/command_text.ts";
import type { TaskFailure } from "../../graph/failure.ts";
import { seenFrom } from "../../graph/paths.ts";
import { systemDetail } from "../machine/system_error.ts";
import { removeIfPresent } from "../storage/artifact.ts";
import { OWN_NAMES, temporaryPath } from "../storage/temporaries.ts";
import type { RunTask } from "./messages.ts";
import type { TargetContext } from "./targets.ts";

/** A list handed to a command is left out when it is longer: Linux takes 128 KiB for one string of the environment. */
const LIST_LIMIT = 120 * 1024;

/** Puts a list in the environment if it fits there. */
export function setList(env: Record<string, string>, name: string, paths: readonly string[]): void {
  if (lengthOf(paths) <= LIST_LIMIT) env[name] = paths.join(" ");
}

/** Paths as they are seen from a folder within the config's. */
export function seenIn(within: string, paths: readonly string[]): readonly string[] {
  return within === "" ? paths : paths.map((path) => seenFrom(within, path));
}

/** The files with lists of one attempt. */
export class ListFiles implements Disposable {
  readonly #task: RunTask;
  readonly #context: Pick<TargetContext, "folder" | "workerId">;
  readonly #written: string[] = [];

  constructor(task: RunTask, context: Pick<TargetContext, "folder" | "workerId">) {
    this.#task = task;
    this.#context = context;
  }

  /** Writes what a command asks for; the answer is what it is told of that, or why that cannot be. */
  write(command: string, within = ""): Record<string, string> | TaskFailure {
    const { sources, dependencyArtifacts } = this.#task, told: Record<string, string> = {};
    const lists = [
      ["IN_FILE", OWN_NAMES.sources, sources],
      ["DEPS_FILE", OWN_NAMES.dependencies, dependencyArtifacts],
    ] as const;
    for (const [name, own, paths] of lists) {
      if (!asksForList(command, name) && lengthOf(paths) <= LIST_LIMIT) continue;
      const path = temporaryPath(`${this.#context.folder}/${own}`, this.#context.workerId, this.#task.claim);
      try {
        Deno.mkdirSync(dirname(path), { recursive: true });
        removeIfPresent(path);
        this.#written.push(path);
        Deno.writeTextFileSync(path, seenIn(within, paths).map((one) => `${one}\n`).join(""), { createNew: true });
      } catch (error) {
        return { kind: "io", doing: "write list", path: own, detail: systemDetail(error) };
      }
      told[name] = path;
    }
    return told;
  }

  [Symbol.dispose](): void {
    for (const path of this.#written) {
      try {
        removeIfPresent(path);
      } catch {
        // The next build sweeps it.
      }
    }
  }
}

/** Whether a list could not be written. */
export function isFailure(answer: Record<string, string> | TaskFailure): answer is TaskFailure {
  return "kind" in answer;
}

function lengthOf(paths: readonly string[]): number {
  let length = paths.length - 1;
  for (const path of paths) length += path.length;
  return length;
}
