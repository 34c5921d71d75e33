/**
 * Owns what is known of folders that are artifacts: the listing of each, made of what the file index knows of its files.
 * Within one run each folder is walked once, unless it is said to have changed. It opens no file itself.
 *
 * @module
 */
import { treeDigest, type TreeEntry, treeSize, treeText } from "../../graph/artifact.ts";
import { absoluteIn } from "../../graph/paths.ts";
import { describeOther } from "../machine/regular_file.ts";
import { type Unreadable, unreadable } from "../machine/system_error.ts";
import type { FileIndex, TooMuch } from "./file_index.ts";

/** A folder as it was found. */
export interface Tree {
  /** Its listing; see graph/artifact.ts. */
  readonly text: string;
  /** Digest of the listing. */
  readonly sha256: string;
  /** Bytes of all files. */
  readonly size: number;
}

/** Folders by path, relative to the folder of the index. */
export class TreeIndex {
  readonly #files: FileIndex;
  readonly #seen = new Map<string, Tree>();

  constructor(files: FileIndex) {
    this.#files = files;
  }

  /** What a folder holds; of what is no folder, or holds what is neither file, link nor folder, why that cannot be said. */
  look(path: string): Tree | Unreadable | TooMuch {
    const seen = this.#seen.get(path);
    if (seen !== undefined) return seen;
    const entries: TreeEntry[] = [];
    const failure = this.#walk(path, "", entries);
    if (failure !== undefined) return failure;
    const text = treeText(entries);
    const tree = { text, sha256: treeDigest(text), size: treeSize(entries) };
    this.#seen.set(path, tree);
    return tree;
  }

  /** Takes note of a folder that was just put there with these files. */
  enter(path: string, tree: Tree): void {
    this.#seen.set(path, tree);
  }

  /** What this run has seen of a folder. */
  seen(path: string): Tree | undefined {
    return this.#seen.get(path);
  }

  /** All folders that this run has looked at. */
  *looked(): Generator<Tree & { readonly path: string }> {
    for (const [path, tree] of this.#seen) yield { path, ...tree };
  }

  /** Looks at a folder, and at all that is known to be in it, anew when it is next asked for. */
  lookAgain(path: string): void {
    const seen = this.#seen.get(path);
    this.#seen.delete(path);
    if (seen === undefined) return;
    for (const line of seen.text.split("\n")) {
      if (line !== "") this.#files.lookAgain(`${path}/${JSON.parse(line)[0]}`);
    }
  }

  /** Knows nothing of a folder any more. */
  forget(path: string): void {
    this.#seen.delete(path);
  }

  /** Whether a folder still holds what it held when this run first looked at it. */
  isStill(path: string, digest: string): boolean {
    this.lookAgain(path);
    this.#files.begin();
    const now = this.look(path);
    return "sha256" in now && now.sha256.startsWith(digest);
  }

  /** Ends a run: nothing is known any more that was not looked at. */
  rest(): void {
    this.#seen.clear();
  }

  #walk(root: string, inner: string, entries: TreeEntry[]): Unreadable | TooMuch | undefined {
    const folder = inner === "" ? root : `${root}/${inner}`;
    const absolute = absoluteIn(this.#files.folder, folder);
    try {
      // A link to a folder is none: what it leads to is not of the task's making.
      if (inner === "" && !Deno.lstatSync(absolute).isDirectory) return { detail: "it is no folder", missing: false };
      for (const { name, isFile, isDirectory, isSymlink } of Deno.readDirSync(absolute)) {
        const path = inner === "" ? name : `${inner}/${name}`;
        if (isSymlink) entries.push({ path, kind: "link", target: Deno.readLinkSync(`${absolute}/${name}`) });
        else if (isDirectory) {
          entries.push({ path, kind: "folder" });
          const failure = this.#walk(root, path, entries);
          if (failure !== undefined) return failure;
        } else if (!isFile) {
          return { detail: `'${path}': ${describeOther(Deno.lstatSync(`${absolute}/${name}`))}`, missing: false };
        } else {
          const own = `${root}/${path}`, digest = this.#files.digest(own);
          if (typeof digest === "object") return digest;
          const isExecutable = (this.#files.facts(own).mode & 0o100) !== 0;
          const size = this.#files.size(own);
          entries.push({ path, kind: "file", sha256: digest, size, ...(isExecutable ? { executable: true } : {}) });
        }
      }
    } catch (error) {
      return unreadable(error);
    }
  }
}
