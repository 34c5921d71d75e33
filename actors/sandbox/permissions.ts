/**
 * Owns the permissions of sandboxes: what declarations of modules come to, when two are equal, and how Deno is told of them.
 * It starts nothing.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import { isFolder } from "../machine/regular_file.ts";
import { sandboxFiles } from "../machine/entry_modules.ts";
import { type ModuleAction, PERMISSION_KINDS, type Permissions } from "../../graph/task.ts";

/** What is declared, and to read its own files as well; `absolute` says where a declared path lies. */
export function resolvedPermissions(
  declared: Permissions = {},
  { own, absolute }: { readonly own: readonly string[]; readonly absolute: (path: string) => string },
): Permissions {
  const { read, write, ffi, ...others } = declared;
  const paths = (right: true | readonly string[]) => right === true ? right : right.map(absolute);
  return {
    ...others,
    read: read === true ? true : [...own, ...(read ?? []).map(absolute)],
    write: write && paths(write),
    ffi: ffi && paths(ffi),
  };
}

/** What a task's function may do: what is declared, and to read its own files and what of its dependencies is a folder. */
export function taskPermissions(
  { work, own, dependencyArtifacts }: {
    readonly work: ModuleAction;
    readonly own: readonly string[];
    readonly dependencyArtifacts: readonly string[];
  },
  folder: string,
): Permissions {
  const absolute = (path: string) => resolve(folder, path);
  const folders = dependencyArtifacts.filter((path) => isFolder(absolute(path)));
  return resolvedPermissions(work.permissions, { own: [...own, ...folders].map(absolute), absolute });
}

/** Equal permissions have equal keys. */
export function keyOf(permissions: Permissions): string {
  return JSON.stringify(PERMISSION_KINDS.map((kind) => {
    const right = permissions[kind];
    return Array.isArray(right) ? right.toSorted() : right ?? false;
  }));
}

/** As Deno takes them: with reading the thread's own modules. */
export function denoPermissions(permissions: Permissions): Deno.PermissionOptionsObject {
  const options: Record<string, unknown> = {};
  for (const kind of PERMISSION_KINDS) options[kind] = permissions[kind] ?? false;
  if (permissions.read !== true) {
    options.read = [...permissions.read ?? [], ...sandboxFiles()];
  }
  return options as Deno.PermissionOptionsObject;
}
