/**
 * Owns what is said of the machine that measured, and which peers it has.
 * It only looks.
 *
 * @module
 */

/** What figures depend on. */
export interface Machine {
  readonly processor: string;
  readonly cpus: number;
  readonly memoryGigabytes: number;
  readonly system: string;
  /** Of the folder in which is measured. */
  readonly fileSystem: string;
  readonly deno: string;
  /** Of the last minute, before anything was measured. */
  readonly load: number;
  /** Name → version of every peer that is installed. */
  readonly peers: Readonly<Record<string, string>>;
}

const PEERS = ["ninja", "make"] as const;

/** Describes the machine; `folder` is where will be measured. */
export async function describeMachine(folder: string): Promise<Machine> {
  const peers: Record<string, string> = {};
  for (const name of PEERS) {
    const version = await firstLine(name, ["--version"]);
    if (version !== undefined) peers[name] = version.match(/\d[\w.]*/)?.[0] ?? version;
  }
  return {
    processor: processorName(),
    cpus: navigator.hardwareConcurrency,
    memoryGigabytes: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    system: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    fileSystem: await fileSystemOf(folder),
    deno: `${Deno.version.deno} (V8 ${Deno.version.v8})`,
    load: Deno.loadavg()[0],
    peers,
  };
}

/** A few lines for people. */
export function machineText(machine: Machine): string {
  const peers = Object.entries(machine.peers).map(([name, version]) => `${name} ${version}`);
  return [
    `${machine.processor}, ${machine.cpus} CPUs, ${machine.memoryGigabytes} GB, ${machine.fileSystem}`,
    `${machine.system}, Deno ${machine.deno}, ${peers.join(", ") || "no peers"}, load ${machine.load.toFixed(2)}`,
  ].join("\n");
}

/** With a word on whether an ext4 has a journal, without which an fsync is cheaper. */
async function fileSystemOf(folder: string): Promise<string> {
  const found = await firstLine("findmnt", ["-no", "FSTYPE,SOURCE", "-T", folder]);
  if (found === undefined) return "unknown file system";
  const [kind, source = ""] = found.split(/\s+/);
  if (kind !== "ext4") return kind;
  const device = source.slice(source.lastIndexOf("/") + 1);
  try {
    const hasJournal = [...Deno.readDirSync("/proc/fs/jbd2")].some(({ name }) => name.startsWith(`${device}-`));
    return hasJournal ? "ext4 with a journal" : "ext4 without a journal";
  } catch {
    return `${kind} without a journal`;
  }
}

function processorName(): string {
  try {
    const name = /^model name\s*: (.+)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1];
    if (name !== undefined) return name;
  } catch {
    // No /proc.
  }
  return "unknown processor";
}

/** The first line a program prints, unless there is no such program. */
async function firstLine(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { code, stdout } = await new Deno.Command(program, { args: [...args], stderr: "null" }).output();
    return code === 0 ? new TextDecoder().decode(stdout).split("\n")[0].trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
