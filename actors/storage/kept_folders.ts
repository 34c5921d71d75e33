/**
 * Owns where a folder goes that lies at an output and that no build has made: aside, for whoever has made it.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { isThere, PlaceTakenError } from "../machine/regular_file.ts";

/** Beside the config; nothing of it is ever removed. */
const KEPT = ".troupe/replaced";

/** A place for a folder where nothing is yet; both are relative to the config's folder. */
export function placeToKeep(folder: string, path: string): string {
  const place = `${KEPT}/${path}`;
  for (let number = 1;; number++) {
    const numbered = number === 1 ? place : `${place}.${number}`;
    if (!isThere(`${folder}/${numbered}`)) return numbered;
  }
}

/**
 * Moves a folder there.
 *
 * @throws What the file system throws; the folder lies where it lay then.
 */
export function keepFolder(folder: string, path: string, place: string): void {
  refuseOthers(folder, dirname(place));
  Deno.mkdirSync(dirname(`${folder}/${place}`), { recursive: true });
  Deno.renameSync(`${folder}/${path}`, `${folder}/${place}`);
  try {
    Deno.writeTextFileSync(`${folder}/.troupe/.gitignore`, "*\n", { createNew: true });
  } catch {
    // It is there already.
  }
}

/** Nothing is moved through a link, whoever put it there. */
function refuseOthers(folder: string, within: string): void {
  for (let path = within; path.startsWith(KEPT); path = dirname(path)) {
    if (isThere(`${folder}/${path}`) && !Deno.lstatSync(`${folder}/${path}`).isDirectory) {
      throw new PlaceTakenError(`'${path}', where what lies there is kept, is no folder: remove it`);
    }
  }
}
