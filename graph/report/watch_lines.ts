/**
 * Owns the words of `troupe watch`: what is said of changes, and while it waits for them.
 *
 * @module
 */

/** So many files are named. */
const NAMED = 3;

/** The line that says that files have changed; paths as the config has them. */
export function changedLine(paths: readonly string[]): string {
  const named = paths.slice(0, NAMED), more = paths.length - named.length;
  const last = more > 0 ? `${more} more` : named.length > 1 ? named.pop() : undefined;
  return `${named.join(", ")}${last === undefined ? "" : ` and ${last}`} changed`;
}

/** The line that says that some of what has changed is not known by name. */
export const LAPSED_LINE = "Too much has changed to tell what: looking at everything";

/** The line that says that the watch is at rest. */
export function watchingLine({ folders, hasKeys }: { readonly folders: number; readonly hasKeys: boolean }): string {
  const keys = hasKeys ? "; Enter: build again, f: only what failed, q: quit" : "";
  return `Watching ${folders} folder${folders === 1 ? "" : "s"} for changes${keys}`;
}

/** The answer where only what failed is to be built, and all is well. */
export const NOTHING_FAILED_LINE = "Nothing has failed";
