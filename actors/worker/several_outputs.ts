/**
 * Owns the outputs of one attempt at a task that makes anything but one file: where its command may put them, and how they
 * are put in place: all of them read, checked and synced first, then one after another.
 * It runs nothing, and knows neither the graph nor the cache.
 *
 * A command puts each output where it is told (`OUT`, `OUT_1`…) or where it belongs. A folder that it may rewrite where it
 * belongs is moved away before, so that nothing of an older one stays in it, and comes back if the task fails.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { namesOut, shellWord } from "../../graph/command_text.ts";
import { parseTree } from "../../graph/artifact.ts";
import { Glob } from "../../graph/glob.ts";
import { absoluteIn } from "../../graph/paths.ts";
import { normaliseOutput } from "../../graph/paths.ts";
import { outputText } from "../../graph/outputs.ts";
import type { TaskFailure } from "../../graph/failure.ts";
import type { DeclaredOutput } from "../../graph/task.ts";
import { systemDetail } from "../machine/system_error.ts";
import { adoptInPlace, publishTemporary, removeIfPresent } from "../storage/artifact.ts";
import type { ArtifactTarget, PublishedArtifact, Ready, WriteOutcome } from "../storage/publication.ts";
import { carryOut, type Deed } from "../storage/deed.ts";
import { copyFolder, folderOfBlobs, syncedFolder, UnwantedFolderError } from "../storage/folder_artifact.ts";
import { keepFolder } from "../storage/kept_folders.ts";
import { matchesOf } from "../storage/output_glob.ts";
import { asideOf } from "../storage/temporaries.ts";
import { GlobMarker } from "./glob_marker.ts";
import { differs, type Look, look, makeWay } from "./in_place.ts";
import {
  asFound,
  inPlaceOfFolder,
  isEmpty,
  kindAt,
  lateLink,
  makeWayTo,
  noArtifact,
  readyFolder,
  readyIn,
  wrongKind,
} from "./ready_outputs.ts";
import { copyTo, type TargetContext, targetOf } from "./targets.ts";
import type { CopySource, RunTask } from "./messages.ts";

/** An output with a path of its own, and where it goes. */
interface Place {
  /** What tells the command of it: its place in the list, in which a glob has a number too. */
  readonly variable: string;
  readonly output: DeclaredOutput;
  readonly target: ArtifactTarget;
}

/** Contents of files, by path as the config has them. */
export type Contents = readonly (readonly [path: string, content: string | Uint8Array])[];

/** The outputs of one attempt. */
export class SeveralOutputs {
  readonly #task: RunTask;
  readonly #context: TargetContext;
  readonly #places: readonly Place[];
  readonly #globs: readonly Glob[];
  readonly #marker: GlobMarker;
  /** Paths of what was moved away. */
  readonly #aside: string[] = [];
  /** What was of others, by absolute path, and where it is kept. */
  readonly #kept = new Map<string, string>();
  /** How files looked before, by absolute path. */
  readonly #before = new Map<string, Look | undefined>();
  /** Temporary paths of what was copied. */
  readonly #copied: string[] = [];
  /** The first path that a glob matches and that is neither file nor link, or no path. */
  #odd: string | undefined;
  /** What is put in place by a rename, or was to be. */
  readonly #placed = new Set<string>();

  constructor(task: RunTask, context: TargetContext) {
    this.#task = task;
    this.#context = context;
    // The last step is taken for all of them together.
    this.#places = task.outputs.flatMap((output, at) =>
      output.kind === "glob" ? [] : [{
        variable: `OUT_${at + 1}`,
        output,
        target: { ...targetOf(task, context, output.path), asksPermit: true },
      }]
    );
    this.#marker = new GlobMarker(task, context.folder);
    this.#globs = task.outputs.filter(({ kind }) => kind === "glob").map(({ path }) => new Glob(path));
  }

  /** Makes way for what is to be made; undefined, or what is in the way. */
  prepare(command: string | undefined): TaskFailure | undefined {
    const mayRewrite = command !== undefined && !namesOut(command);
    let name = "";
    try {
      for (const { output, target } of this.#places) {
        name = target.name;
        Deno.mkdirSync(dirname(target.path), { recursive: true });
        if (look(target.temporary) !== undefined) removeIfPresent(target.temporary);
        this.#keep(target);
        if (output.kind === "folder" && command !== undefined) Deno.mkdirSync(target.temporary);
        const spoilt = this.#task.spoilt?.[target.name], there = kindAt(target.path);
        if (there === "folder" || (there !== undefined && (output.kind === "folder" || spoilt?.isFolder))) {
          if (mayRewrite) this.#moveAside(target);
          continue;
        }
        if (spoilt !== undefined) makeWay(target, spoilt);
        this.#before.set(target.path, look(target.path));
      }
      if (this.#globs.length > 0) {
        const known = this.#marker.known(), made = new Set(this.#task.leftovers);
        for (const path of this.#matches()) {
          name = path;
          if (made.has(path) || known?.has(path) === false) removeIfPresent(`${this.#context.folder}/${path}`);
        }
        this.#marker.write(this.#matches());
      }
    } catch (error) {
      this.#undoPreparing();
      return { kind: "io", doing: "prepare artifact", path: name, detail: systemDetail(error) };
    }
    for (const path of this.#matches()) {
      const absolute = `${this.#context.folder}/${path}`;
      this.#before.set(absolute, look(absolute));
    }
  }

  #keep({ path, name }: ArtifactTarget): void {
    const place = this.#task.foreign?.[name], { folder } = this.#context;
    if (place === undefined) return;
    keepFolder(folder, name, place);
    this.#kept.set(path, `${folder}/${place}`);
  }

  #moveAside({ path, temporary }: ArtifactTarget): void {
    const aside = asideOf(temporary);
    removeIfPresent(aside);
    Deno.renameSync(path, aside);
    this.#aside.push(path);
  }

  /** Nothing was made yet: what was moved away comes back, and what was to be filled goes. */
  #undoPreparing(): void {
    for (const { target: { path, temporary } } of this.#places) {
      if (this.#aside.includes(path)) carryOut({ kind: "return", aside: asideOf(temporary), path });
      carryOut({ kind: "remove", path: temporary, isWhole: true });
    }
    for (const [path, aside] of this.#kept) carryOut({ kind: "return", aside, path });
    this.#kept.clear();
    this.#aside.length = 0;
  }

  /** What a command is told of its outputs. */
  given(): Record<string, string> {
    const paths = this.#places.map(({ target }) => target.temporary);
    if (paths.length === 0) return {};
    return {
      OUT: paths[0],
      OUTS: paths.map(shellWord).join(" "),
      ...Object.fromEntries(this.#places.map(({ variable }, at) => [variable, paths[at]])),
    };
  }

  /** Puts in place what was made, all of it or, if any of it is missing or wrong, nothing. */
  async publish(): Promise<WriteOutcome> {
    const ready: Ready[] = [];
    for (const place of this.#places) {
      const one = this.#readyOf(place);
      if ("failure" in one) return await this.#failed(one.failure);
      ready.push(one);
    }
    for (const path of this.#matches((odd) => this.#odd ??= odd)) {
      const one = this.#adopted(path);
      if ("failure" in one) return await this.#failed(one.failure);
      ready.push(one);
    }
    if (this.#odd !== undefined) {
      return await this.#failed(noArtifact(this.#context.folder, this.#odd));
    }
    const missing = Object.keys(this.#task.expected ?? {}).find((path) => !ready.some(({ name }) => name === path));
    if (missing !== undefined) return await this.#failed(this.#lacking(missing));
    return await this.#place(ready);
  }

  /** Puts in place what lies elsewhere; undefined when it lies there no more. */
  async restore(copies: readonly CopySource[]): Promise<WriteOutcome | undefined> {
    const published: PublishedArtifact[] = [];
    // A link is known by what it leads to, and that may be one of the others: so they come after these, and one by one.
    for (let left = copies; left.length > 0;) {
      const others = left.filter(({ link }) => link === undefined), isLinks = others.length === 0;
      const ready: Ready[] = [], lost: CopySource[] = [];
      for (const source of isLinks ? left : others) {
        const target = this.#targetAt(source.path);
        this.#copied.push(target.temporary);
        const blocked = makeWayTo(target);
        if (blocked !== undefined) return await this.#failed(blocked);
        const one = source.tree === undefined ? copyTo(target, source) : this.#copiedFolder(target, source);
        const next = one && readyIn(one);
        if (next === undefined) lost.push(source);
        else if ("failure" in next) return await this.#failed(next.failure);
        else ready.push(inPlaceOfFolder(next, target));
      }
      if (ready.length === 0 || (lost.length > 0 && !isLinks)) {
        this.#tidy();
        return undefined;
      }
      const outcome = await this.#place(ready);
      if ("failure" in outcome) return outcome;
      published.push(...outcome.published);
      left = isLinks ? lost : left.filter(({ link }) => link !== undefined);
    }
    this.#tidy();
    return { published };
  }

  /** What a glob means has its place by its own name. */
  #targetAt(path: string): ArtifactTarget {
    const known = this.#places.find(({ target }) => target.name === path);
    if (known !== undefined) return known.target;
    return { ...targetOf(this.#task, this.#context, path), asksPermit: true };
  }

  /** Each output but globs as declared, and the absolute path that it is to be written to. */
  outs(): [output: string, out: string][] {
    return this.#places.map(({ target }) => [target.name, target.temporary]);
  }

  /** Publishes contents, each of which lies at an output or in one. */
  async write(contents: Contents): Promise<WriteOutcome> {
    for (const [path, content] of contents) {
      const to = this.#pathFor(path);
      if (to === undefined) {
        const detail = `it makes '${path}', which is none of its outputs and lies in none`;
        return await this.#failed({ kind: "module", detail });
      }
      try {
        Deno.mkdirSync(dirname(to), { recursive: true });
        if (typeof content === "string") Deno.writeTextFileSync(to, content);
        else Deno.writeFileSync(to, content);
      } catch (error) {
        return await this.#failed({ kind: "io", doing: "write artifact", path, detail: systemDetail(error) });
      }
    }
    return await this.publish();
  }

  #pathFor(path: string): string | undefined {
    if (path !== normaliseOutput(path)) return undefined;
    for (const { output, target } of this.#places) {
      if (path === target.name && output.kind !== "folder") return target.temporary;
      if (path.startsWith(`${target.name}/`)) return target.temporary + path.slice(target.name.length);
    }
    return this.#globs.some((glob) => glob.matches(path)) ? `${this.#context.folder}/${path}` : undefined;
  }

  /** After a failure: nothing of what was made stays, and what was moved away comes back. */
  async discard(): Promise<void> {
    const deeds: Deed[] = [];
    for (const [path, before] of this.#before) {
      // What was put there whole, before another could not be, is the new one: the old one is gone.
      if (this.#placed.has(path)) continue;
      if (differs("written", { before: { look: before }, path })) deeds.push({ kind: "remove", path, isWhole: true });
    }
    for (const path of this.#matches()) {
      const absolute = `${this.#context.folder}/${path}`;
      if (!this.#before.has(absolute)) deeds.push({ kind: "remove", path: absolute });
    }
    for (const { target: { path, temporary } } of this.#places) {
      if (this.#aside.includes(path)) deeds.push({ kind: "return", aside: asideOf(temporary), path });
    }
    for (const [path, aside] of this.#kept) deeds.push({ kind: "return", aside, path });
    if (deeds.length > 0) {
      const deed = { kind: "each", deeds } as const;
      if (this.#task.asksPermit) await this.#context.askPermit(this.#task.task, deed);
      else carryOut(deed);
    }
    this.#kept.clear();
    this.#aside.length = 0;
    this.#tidy();
  }

  async #failed(failure: TaskFailure): Promise<WriteOutcome> {
    await this.discard();
    return { failure };
  }

  /** One output that is whole, checked and durable, or why there is none. */
  #readyOf({ variable, output, target }: Place): Ready | { readonly failure: TaskFailure } {
    const made = kindAt(target.temporary), { kind } = output;
    const isMade = made === "folder" && kind === "folder" ? !isEmpty(target.temporary) : made !== undefined;
    if (isMade) {
      if (kind === "folder" && made !== "folder") return wrongKind(target, "it is a file, not a folder");
      if (made === "folder") return this.#folder(target, target.temporary);
      return this.#leadsToOther(target, target.temporary) ? lateLink(target, target.temporary) : this.#file(target);
    }
    const inPlace = kindAt(target.path);
    if (inPlace === undefined) return { failure: this.#lacking(outputText(output), this.#named(variable)) };
    if (inPlace === "folder") return this.#folder(target, target.path);
    if (kind === "folder") return wrongKind(target, "it is a file, not a folder");
    const before = { look: this.#before.get(target.path) };
    const isSpoilt = this.#task.spoilt?.[target.name]?.isEdited === true &&
      !differs("changed", { before, path: target.path });
    if (isSpoilt) {
      return { failure: { kind: "no-artifact", path: target.name, variable: this.#named(variable), isSpoilt } };
    }
    if (this.#leadsToOther(target, target.path)) return lateLink(target, target.path);
    return readyIn(adoptInPlace(target, { isRewritten: false }));
  }

  /** Whether what was made is a link to another output, which is where it leads to only when both have their places. */
  #leadsToOther({ path }: ArtifactTarget, absolute: string): boolean {
    if (!Deno.lstatSync(absolute).isSymlink) return false;
    const to = resolve(dirname(path), Deno.readLinkSync(absolute));
    return this.#places.some(({ target: other }) =>
      other.path !== path && kindAt(other.temporary) !== undefined &&
      (to === other.path || to.startsWith(`${other.path}/`))
    );
  }

  /** The first one's shorter name is known best. */
  #named(variable: string): string {
    return variable === this.#places[0].variable ? "OUT" : variable;
  }

  #lacking(path: string, variable?: string): TaskFailure {
    return this.#task.work.kind === "module"
      ? { kind: "no-content", path }
      : { kind: "no-artifact", path, variable, isSpoilt: false };
  }

  #file(target: ArtifactTarget): Ready | { readonly failure: TaskFailure } {
    const one = readyIn(publishTemporary(target));
    return "failure" in one ? one : inPlaceOfFolder(one, target);
  }

  /** What lay there before and was not touched is the artifact's, and stays whose it is: nobody removes or restores it. */
  #adopted(path: string): Ready | { readonly failure: TaskFailure } {
    const target = { ...targetOf(this.#task, this.#context, path), asksPermit: true };
    const before = this.#before.get(target.path);
    const isFound = before !== undefined && !differs("changed", { before: { look: before }, path: target.path });
    if (!isFound) return readyIn(adoptInPlace(target, { isRewritten: false }));
    const one = readyIn(adoptInPlace({ ...target, blobs: undefined }, { isRewritten: false }));
    return "failure" in one ? one : { ...one, settle: (answer) => asFound(one.settle(answer)) };
  }

  #folder(target: ArtifactTarget, absolute: string): Ready | { readonly failure: TaskFailure } {
    try {
      const published = syncedFolder(absolute, target.name, target);
      return readyFolder(target, published, absolute);
    } catch (error) {
      if (error instanceof UnwantedFolderError) return { failure: { kind: "cancelled" } };
      return wrongKind(target, systemDetail(error));
    }
  }

  #copiedFolder(target: ArtifactTarget, { from, sha256, tree = "", blobs }: CopySource) {
    try {
      removeIfPresent(target.temporary);
      if (blobs === undefined) copyFolder(absoluteIn(this.#context.folder, from), target.temporary);
      else folderOfBlobs(blobs, parseTree(tree) ?? [], target.temporary);
      const published = syncedFolder(target.temporary, target.name, target);
      return published.sha256 === sha256 ? readyFolder(target, published, target.temporary) : undefined;
    } catch {
      return undefined; // It has changed meanwhile, or cannot be copied: then it is made.
    }
  }

  async #place(ready: readonly Ready[]): Promise<WriteOutcome> {
    const deed: Deed = { kind: "all", deeds: ready.map(({ deed }) => deed) };
    for (const { deed } of ready) if (deed.kind === "place" || deed.kind === "exchange") this.#placed.add(deed.path);
    const answer = this.#task.asksPermit ? await this.#context.askPermit(this.#task.task, deed) : carryOut(deed);
    const published: PublishedArtifact[] = [];
    for (const one of ready) {
      const outcome = one.settle(answer);
      if ("failure" in outcome) return await this.#failed(outcome.failure);
      published.push(...outcome.published);
    }
    this.#tidy();
    return { published };
  }

  /** Removes what is of no use any more, the note of the attempt as well; what cannot be removed is swept by the next build. */
  #tidy(): void {
    if (this.#globs.length > 0) this.#marker.remove();
    const aside = this.#places.map(({ target }) => asideOf(target.temporary));
    for (const path of [...this.#places.map(({ target }) => target.temporary), ...aside, ...this.#copied]) {
      try {
        removeIfPresent(path);
      } catch {
        // The next build sweeps it.
      }
    }
  }

  #matches(odd?: (path: string) => void): string[] {
    return this.#globs.flatMap((glob) => matchesOf(this.#context.folder, glob, odd));
  }
}
