/**
 * Owns the benchmarks' temporary folder: new folders, and old trees out of the way.
 * It never deletes before the end. ext4 gives away recently deleted inodes last and searches past them for new files, so
 * a tree deleted shortly before a measured run makes that run slower; a renamed one costs disk space and nothing else.
 *
 * @module
 */

/** A temporary folder that is deleted, with all that was ever in it, when it goes out of scope. */
export class Space implements Disposable {
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "troupe-bench-" }));
  #folders = 0;
  #isDeleted = false;

  /** A new, empty folder. */
  folder(name: string): string {
    const path = `${this.root}/${name}-${++this.#folders}`;
    Deno.mkdirSync(path);
    return path;
  }

  /** Moves everything in a folder but the entries kept to a folder that nobody looks at. */
  clear(folder: string, kept: readonly string[]): void {
    const trash = this.folder("trash");
    for (const { name } of [...Deno.readDirSync(folder)]) {
      if (!kept.includes(name)) Deno.renameSync(`${folder}/${name}`, `${trash}/${name}`);
    }
  }

  [Symbol.dispose](): void {
    if (this.#isDeleted) return;
    this.#isDeleted = true;
    Deno.removeSync(this.root, { recursive: true });
  }
}
