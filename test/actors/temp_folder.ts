/**
 * Owns the folders of tests with real files: made for one test, also as small or read-only file systems, and removed.
 *
 * @module
 */

/** A folder that is gone, with what is mounted in it, when it goes out of scope. */
export class TempFolder implements Disposable {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "troupe-test-" }));
  readonly #mounts: string[] = [];

  file(name: string): string {
    return `${this.path}/${name}`;
  }

  folder(name: string): string {
    Deno.mkdirSync(this.file(name), { recursive: true });
    return this.file(name);
  }

  has(name: string): boolean {
    try {
      Deno.lstatSync(this.file(name));
      return true;
    } catch {
      return false;
    }
  }

  names(folder = "."): string[] {
    return [...Deno.readDirSync(this.file(folder))].map(({ name }) => name).sort();
  }

  /** A file system in memory, or undefined, with a line, where that is not allowed. */
  small(name: string, size: string): string | undefined {
    return this.#mount(name, ["-t", "tmpfs", "-o", `size=${size}`, "none"]);
  }

  /** A second, read-only way to a folder, or undefined, with a line, where that is not allowed. */
  readOnly(name: string, folder: string): string | undefined {
    const path = this.#mount(name, ["--bind", folder]);
    return path && mount(["-o", "remount,bind,ro", path]) ? path : undefined;
  }

  [Symbol.dispose](): void {
    for (const path of this.#mounts) new Deno.Command("umount", { args: ["-l", path] }).outputSync();
    Deno.removeSync(this.path, { recursive: true });
  }

  #mount(name: string, args: readonly string[]): string | undefined {
    const path = this.folder(name);
    if (!mount([...args, path])) return undefined;
    this.#mounts.push(path);
    return path;
  }
}

function mount(args: readonly string[]): boolean {
  let isDone = false;
  try {
    isDone = new Deno.Command("mount", { args: [...args] }).outputSync().success;
  } catch {
    // there is no such program
  }
  if (!isDone) console.log(`skipped: cannot mount ${args.join(" ")}`);
  return isDone;
}
