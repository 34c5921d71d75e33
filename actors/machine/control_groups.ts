/**
 * Owns where the figures of the control groups are that this process is in: in a container they may allow far less than
 * the machine has. It reads and judges none of them.
 *
 * @module
 */

const GROUPS = "/sys/fs/cgroup";

/** What limits a control group, by the names of version 1; in version 2 all are in one folder. */
export type Controller = "memory" | "cpu" | "cpuacct";

/** The folders of the groups this process is in, up to the root: each may have a limit. */
export function groupFolders(controller: Controller): string[] {
  const folders = new Set([GROUPS, `${GROUPS}/${controller}`]);
  for (const line of readIfPossible("/proc/self/cgroup")?.split("\n") ?? []) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined || (controllers !== "" && !controllers.split(",").includes(controller))) continue;
    const root = controllers === "" ? GROUPS : `${GROUPS}/${controller}`;
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) folders.add(root + path.slice(0, end));
  }
  return [...folders];
}

/** The text of a file of the system; undefined when it is not there or may not be read. */
export function readIfPossible(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
