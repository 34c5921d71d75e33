/**
 * Owns what every test asks of a folder of its own: files written into it, read and looked for. It makes no folder and
 * starts nothing.
 *
 * @module
 */
import { assert } from "@std/assert";
import { dirname, join } from "@std/path";

/** A folder with the files of one test; paths are relative to it. */
export class ProjectFolder {
  constructor(readonly folder: string) {}

  /** The absolute path of a file. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file, and makes its folder; anything but text and bytes is written as JSON. */
  write(name: string, content: unknown): void {
    const path = this.path(name);
    Deno.mkdirSync(dirname(path), { recursive: true });
    if (content instanceof Uint8Array) Deno.writeFileSync(path, content);
    else Deno.writeTextFileSync(path, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }

  read(name: string): string {
    return Deno.readTextFileSync(this.path(name));
  }

  /** Whether there is something, be it a link that leads nowhere. */
  has(name: string): boolean {
    try {
      Deno.lstatSync(this.path(name));
      return true;
    } catch {
      return false;
    }
  }

  /** Removes what is there. */
  remove(name: string): void {
    if (this.has(name)) Deno.removeSync(this.path(name), { recursive: true });
  }

  /** All files, sorted, but for the store beside the config unless that is asked for. */
  files(folder = "."): string[] {
    return [...Deno.readDirSync(this.path(folder))].flatMap(({ name, isDirectory }) => {
      const path = folder === "." ? name : `${folder}/${name}`;
      if (path === ".troupe/store" || path === ".troupe/.gitignore") return [];
      return isDirectory ? this.files(path) : [path];
    }).sort();
  }

  /** Makes a named pipe, and answers with its path. */
  fifo(name: string): string {
    const { success } = new Deno.Command("mkfifo", { args: [this.path(name)] }).outputSync();
    assert(success);
    return this.path(name);
  }
}
