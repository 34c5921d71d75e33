/**
 * Owns the question where a file really lies, or would: links in the folders on the way are followed, and so is the file if it
 * is one. It opens none.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";

/** The path without links, as far as there is something and it may be looked at. */
export function realPlace(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    // What is made there will lie in the folder that is there by now, if any.
  }
  try {
    return join(Deno.realPathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}
