/**
 * Owns what the system says of how a place is mounted.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";

/** A mounted file system. */
export interface Mount {
  /** As the kernel names it, such as `ext4`; empty when the table does not say. */
  readonly kind: string;
  readonly options: readonly string[];
}

/** How a path is mounted, by the real path of what lies there; undefined where the system does not tell. */
export function mountAt(path: string): Mount | undefined {
  try {
    return mountIn(Deno.readTextFileSync("/proc/self/mountinfo"), realPath(path));
  } catch {
    return undefined;
  }
}

/** How a path is mounted, by a table in the form of /proc/self/mountinfo. */
export function mountIn(table: string, path: string): Mount {
  let best = "", found: Mount = { kind: "", options: [] };
  for (const line of table.split("\n")) {
    const [mount, superblock] = line.split(" - ");
    const at = unescaped(mount.split(" ")[4] ?? "");
    const isInside = at !== "" && `${path}/`.startsWith(at === "/" ? "/" : `${at}/`);
    // a later mount hides an earlier one of the same place
    if (!isInside || at.length < best.length || superblock === undefined) continue;
    best = at;
    const [kind, , ...options] = superblock.split(" ");
    found = { kind, options: options.join(" ").split(",") };
  }
  return found;
}

function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return resolve(path);
  }
}
