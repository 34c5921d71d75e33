/**
 * Owns the means by which the tests make things go wrong, and the question whether this machine has them.
 * A test that lacks one is ignored, and a line says what is missing.
 *
 * @module
 */
import { existsSync } from "@std/fs";
import { dirname, fromFileUrl } from "@std/path";

const HERE = dirname(fromFileUrl(import.meta.url));

/** What failio can do at an operation; see failio.c. */
export type Deed = "KILL" | "KILLAFTER" | "SHORT" | "EIO" | "ENOSPC" | "EACCES" | "EMFILE";

/** One planned fault. */
export interface Fault {
  readonly library: string;
  readonly path: string;
  /** From 1; `"3+"` for the third and all later ones. */
  readonly at: number | string;
  readonly deed?: Deed;
  readonly calls?: string;
  /** Where each operation is noted. */
  readonly log?: string;
}

/** The environment that makes a process suffer a fault. */
export function suffer({ library, path, at, deed = "EIO", calls = "all", log }: Fault): Record<string, string> {
  return {
    LD_PRELOAD: library,
    FAILIO_CALLS: calls,
    FAILIO_PATH: path,
    FAILIO_WHEN: `${at}`,
    FAILIO_DO: deed,
    ...(log === undefined ? {} : { FAILIO_LOG: log }),
  };
}

/** Compiles failio into a folder of the system's temp folder, once a content; undefined where that cannot be done. */
export function failio(): string | undefined {
  const path = `${Deno.makeTempDirSync({ prefix: "failio-" })}/failio.so`;
  addEventListener("unload", () => Deno.removeSync(dirname(path), { recursive: true }));
  if (!succeeds("gcc", "-O1", "-shared", "-fPIC", "-o", path, `${HERE}/failio.c`, "-ldl")) {
    return missing("gcc with a C library to preload (failio.c)");
  }
  return path;
}

/** The script that simulates a power cut; undefined where there is no loop device to do it on. */
export function powerloss(): string | undefined {
  const folder = Deno.makeTempDirSync({ prefix: "loop-" });
  const script = `${HERE}/powerloss.sh`;
  try {
    if (!succeeds("sh", script, "mount", `${folder}/image`, `${folder}/disk`, "16m")) {
      return missing("root, mkfs.ext4 and a loop device (powerloss.sh)");
    }
    succeeds("sh", script, "umount", `${folder}/disk`);
    return script;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Whether small file systems can be mounted. */
export function canMount(): boolean {
  const folder = Deno.makeTempDirSync({ prefix: "mount-" });
  try {
    const mounted = succeeds("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder);
    if (mounted) succeeds("umount", folder);
    else missing("root, to mount a tmpfs");
    return mounted;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Whether strace works here. */
export function canTrace(): boolean {
  return succeeds("strace", "-f", "-qq", "-o", "/dev/null", "true") ||
    missing("strace, allowed to trace") !== undefined;
}

/**
 * The environment of a program that Deno itself runs short in: Deno then deletes its caches and makes new ones, which those of
 * all other programs would be. What cannot be had without a network is there.
 */
export function ownDenoCaches(): Record<string, string> {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).outputSync();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout));
  const folder = Deno.makeTempDirSync({ prefix: "deno-dir-" });
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  for (const name of ["npm", "gen", "remote"]) {
    if (existsSync(`${denoDir}/${name}`)) Deno.symlinkSync(`${denoDir}/${name}`, `${folder}/${name}`);
  }
  return { DENO_DIR: folder };
}

/** What starts a program as somebody to whom modes of files mean something, as they do not to root. */
export function withoutRoot(): readonly string[] | undefined {
  if (Deno.uid() !== 0) return [];
  const argv = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--securebits=+noroot"];
  return succeeds(argv[0], ...argv.slice(1), "true") ? argv : missing("setpriv, to do without the rights of root");
}

/** Runs a program to its end and answers whether that was a success; false as well when there is no such program. */
export function succeeds(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** A mounted file system, unmounted when it goes out of scope. */
export class Mount implements Disposable {
  constructor(readonly folder: string, ...args: string[]) {
    Deno.mkdirSync(folder, { recursive: true });
    if (!succeeds("mount", ...args, folder)) throw new Error(`mount ${args.join(" ")} ${folder} failed`);
  }

  [Symbol.dispose](): void {
    succeeds("umount", this.folder) || succeeds("umount", "-l", this.folder);
  }
}

function missing(what: string): undefined {
  console.log(`fault tests ignored for want of ${what}`);
}
