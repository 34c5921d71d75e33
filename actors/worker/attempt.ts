/**
 * Owns one attempt at one task: the command's environment, the rules for what counts as its artifact, and that no
 * temporary file outlives the attempt.
 * It keeps nothing from one task to the next and knows neither the graph nor the cache.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { asksForName, shellWord } from "../../graph/command_text.ts";
import { type SimpleCommand, simpleCommand } from "../../graph/simple_command.ts";
import { type Action, type ModuleAction, unreachable } from "../../graph/task.ts";
import {
  adoptInPlace,
  publishConcatenation,
  publishContent,
  publishTemporary,
  removeIfPresent,
} from "../storage/artifact.ts";
import { depfileBeside } from "../storage/temporaries.ts";
import type { ArtifactTarget, Publication, WriteOutcome } from "../storage/publication.ts";
import { BUILD_VARIABLE, type BuildChain } from "../process/build_chain.ts";
import { type CommandContext, CommandRun, type TimeLimits } from "../process/command_run.ts";
import { carryOut } from "../storage/deed.ts";
import type { SpawnOptions } from "../process/spawn.ts";
import type { TaskFailure } from "../../graph/failure.ts";
import type { DependencyFile } from "./dependency_file.ts";
import { isFailure, ListFiles, seenIn, setList } from "./lists.ts";
import { type Before, differs, look, makeWay } from "./in_place.ts";
import type { RunShell, RunTask } from "./messages.ts";
import { copyTo, isSeveral, ownPath, placed, type TargetContext, targetOf } from "./targets.ts";
import { later } from "../machine/later.ts";
import { workingFolder } from "../machine/working_folder.ts";
import { isThere } from "../process/process.ts";
import { systemDetail } from "../machine/system_error.ts";
import type { Output, Usage } from "../process/output.ts";
import type { EndSignal } from "../process/signals.ts";

const NOTHING: Readonly<Record<string, string>> = {};

/** How an attempt ended. */
export type Attempt =
  & { readonly output?: Output; readonly usage?: Usage }
  & (WriteOutcome | { readonly unrestorable: true } | { readonly done: true });

/** One attempt, made by {@linkcode run}, that can be ended from outside while it waits for its command. */
export interface RunningAttempt {
  /** Does the task's work; never rejects for anything the user or the system did. */
  run(): Promise<Attempt>;
  /** Asks the command to end, or makes it. */
  cancel(signal: EndSignal): void;
  /** Stands still; settles when nothing moves, or does not cease to. */
  pause(): Promise<void>;
  resume(): void;
}

/** An attempt whose work is a command, if it is not troupe's own: what ends or stops it from outside is the command's. */
abstract class CommandAttempt<Task extends TimeLimits, Context extends CommandContext> implements RunningAttempt {
  protected readonly command: CommandRun;

  /** The listener hears what the command prints as it comes, if the task asks for that. */
  constructor(
    readonly task: Task,
    readonly context: Context,
    readonly listener: Pick<SpawnOptions, "onOutput" | "mayRead">,
  ) {
    this.command = new CommandRun(context, task);
  }

  abstract run(): Promise<Attempt>;

  cancel(signal: EndSignal): void {
    this.command.cancel(signal);
  }

  async pause(): Promise<void> {
    await this.command.pause();
  }

  resume(): void {
    this.command.resume();
  }
}

/** An attempt at a task that makes no artifact. */
export class ShellExecution extends CommandAttempt<RunShell, CommandContext & { readonly chain: BuildChain }> {
  override async run(): Promise<Attempt> {
    const { command, name, env, stream } = this.task;
    const given = asksForName(command) ? { TASK: name } : NOTHING;
    const { failure, ...told } = await this.command.run(command, {
      direct: simpleCommand(command, given),
      env: { ...env, ...given, [BUILD_VARIABLE]: this.context.chain.through(name) },
      ...(stream ? this.listener : {}),
    });
    return failure === undefined ? { done: true, ...told } : { failure, ...told };
  }
}

/** How a command ended, and why its task has failed by that if it has. */
type Ran = { readonly failure?: TaskFailure; readonly output?: Output; readonly usage?: Usage };

/** Called right before a command starts, without a shell if that is what is said. */
type OnStart = (direct: SimpleCommand | undefined) => void;

/** An action of one kind. */
type Work<Kind> = Action & { readonly kind: Kind };

/** A task whose artifact is made by a command or by troupe itself. */
export type ArtifactTask = RunTask & { readonly work: Exclude<RunTask["work"], ModuleAction> };

/** An attempt at a task that makes an artifact. */
export class ArtifactExecution
  extends CommandAttempt<ArtifactTask, CommandContext & TargetContext & { readonly chain: BuildChain }> {
  override async run(): Promise<Attempt> {
    const { task, context } = this;
    const { work } = task;
    if (isSeveral(task)) return await this.#makeSeveral();
    const target = targetOf(task, context);
    switch (work.kind) {
      case "content":
        return await this.#placed(publishContent(target, work.content));
      case "concatenate": {
        const names = task.sources.length > 0 ? task.sources : task.dependencyArtifacts;
        const paths = names.map((name) => join(context.folder, name));
        return await this.#placed(publishConcatenation(target, paths, names));
      }
      case "restore": {
        const [source] = work.copies;
        const copy = copyTo(target, source);
        return copy === undefined ? { unrestorable: true } : await this.#placed(copy);
      }
      case "command":
        return await this.#runCommand(work, target);
      default:
        return unreachable(work);
    }
  }

  /** What takes several outputs in hand is loaded with the first such task. */
  async #makeSeveral(): Promise<Attempt> {
    const { task, context } = this, { work } = task;
    if (work.kind === "content" || work.kind === "concatenate") return { published: [] }; // a check that checks nothing
    const { SeveralOutputs } = await later<typeof import("./several_outputs.ts")>(
      "./several_outputs.ts",
      import.meta.url,
    );
    const outputs = new SeveralOutputs(task, context);
    const failure = outputs.prepare(work.kind === "command" ? work.command : undefined);
    if (failure !== undefined) return { failure };
    if (work.kind === "restore") return await outputs.restore(work.copies) ?? { unrestorable: true };
    const { failure: reason, ...told } = await this.#runGiven(work, outputs.given());
    if (reason === undefined) return { ...await outputs.publish(), ...told };
    await outputs.discard();
    return { failure: reason, ...told };
  }

  /** Runs a command that is told these places for what it makes, and takes in what it says that it has read. */
  async #runGiven(work: Work<"command">, given: Record<string, string>, onStart?: OnStart): Promise<Ran> {
    const { depfile } = this.task;
    if (depfile === undefined) return await this.#start(work, given, { onStart });
    const { DependencyFile } = await later<typeof import("./dependency_file.ts")>(
      "./dependency_file.ts",
      import.meta.url,
    );
    const { folder, workerId } = this.context;
    const temporary = depfileBeside(ownPath(this.task, folder), workerId, this.task.claim);
    using file = new DependencyFile({ depfile, temporary, folder });
    const failure = file.begin();
    return failure === undefined ? await this.#start(work, given, { depfile: file, onStart }) : { failure };
  }

  async #start(
    { command, cwd }: Work<"command">,
    places: Record<string, string>,
    { depfile, onStart }: { readonly depfile?: DependencyFile; readonly onStart?: OnStart },
  ): Promise<Ran> {
    const there = cwd === undefined ? undefined : workingFolder(this.context.folder, cwd);
    if (there !== undefined && "detail" in there) return { failure: { kind: "spawn", detail: there.detail } };
    using lists = new ListFiles(this.task, this.context);
    const listed = lists.write(command, there?.within);
    if (isFailure(listed)) return { failure: listed };
    const given = { ...this.#givenVariables(places, command, there?.within), ...listed, ...depfile?.variables };
    const direct = simpleCommand(command, given);
    const chain = this.context.chain.through(this.task.name);
    // A shell would set it, and a program may believe it.
    const pwd = there === undefined || this.context.env.PWD === undefined ? NOTHING : { PWD: there.path };
    const env = { ...pwd, ...this.task.env, ...given, [BUILD_VARIABLE]: chain };
    const listener = this.task.stream ? this.listener : {};
    onStart?.(direct);
    const { failure, ...told } = await this.command.run(command, { direct, env, cwd: there?.path, ...listener });
    return { failure: failure ?? await (depfile && this.#tellFound(depfile, there?.path)), ...told };
  }

  async #runCommand(work: Work<"command">, target: ArtifactTarget): Promise<Attempt> {
    try {
      makeFolder(dirname(target.path));
      // What a killed build left would pass for this one's; and a link there would be written through.
      if (isThere(target.temporary)) removeIfPresent(target.temporary);
    } catch (error) {
      return { failure: { kind: "io", doing: "prepare artifact", path: target.name, detail: systemDetail(error) } };
    }
    const spoilt = this.task.spoilt?.[target.name];
    if (spoilt !== undefined) makeWay(target, spoilt);
    const { temporary } = target;
    let before: Before;
    const given = { OUT: temporary, OUT_1: temporary, OUTS: shellWord(temporary) };
    const { failure, ...told } = await this.#runGiven(work, given, (direct) => {
      // A program whose stdout is $OUT is taken not to rewrite the artifact in place: it is not looked at before.
      before = direct?.stdout === temporary ? undefined : { look: look(target.path) };
    });
    if (failure !== undefined) {
      await this.#discard(target, before);
      return { failure, ...told };
    }
    const isTemporary = isThere(target.temporary);
    const publication = isTemporary ? publishTemporary(target) : this.#publishInPlace(target, before);
    return { ...await this.#placed(publication), ...told };
  }

  async #tellFound(depfile: DependencyFile, cwd = this.context.folder): Promise<TaskFailure | undefined> {
    const found = depfile.read(cwd);
    return "kind" in found ? found : await this.context.tellFound(this.task.task, found);
  }

  /** A command may also leave the artifact in its place as it was, unless that is known to be a wrong one. */
  #publishInPlace(target: ArtifactTarget, before: Before): Publication {
    const { path, name } = target;
    const isLeft = isThere(path);
    const isSpoilt = isLeft && this.task.spoilt?.[name]?.isEdited === true && !differs("changed", { before, path });
    if (!isLeft || isSpoilt) return { failure: { kind: "no-artifact", path: name, variable: "OUT", isSpoilt } };
    return adoptInPlace(target, { isRewritten: differs("written", { before, path }) });
  }

  /** The artifact in its place, with a permit where one is needed. */
  #placed(publication: Publication): WriteOutcome | Promise<WriteOutcome> {
    return placed(publication, this.task, this.context);
  }

  /**
   * After a failed command: its temporary file goes, and so does what it wrote over the artifact. Without a permit that is
   * another's by now, who was given the task and has done it.
   */
  async #discard({ temporary, path, asksPermit }: ArtifactTarget, before: Before): Promise<void> {
    try {
      removeIfPresent(temporary);
    } catch {
      // The task has failed already, with the reason that matters; a stray temporary file is swept by the next run.
    }
    if (!differs("written", { before, path })) return;
    const deed = { kind: "remove", path } as const;
    if (asksPermit) await this.context.askPermit(this.task.task, deed);
    else carryOut(deed);
  }

  /** The name is in a fingerprint only where the command's text asks for it, so a script is not told it otherwise. */
  #givenVariables(given: Record<string, string>, command: string, within = ""): Record<string, string> {
    if (asksForName(command)) given.TASK = this.task.name;
    setList(given, "IN", seenIn(within, this.task.sources));
    setList(given, "DEPS", seenIn(within, this.task.dependencyArtifacts));
    return given;
  }
}

/** Nearly always it is there; and a file in its place is none. */
function makeFolder(path: string): void {
  if (!isThere(`${path}/.`)) Deno.mkdirSync(path, { recursive: true });
}
