/**
 * Owns a Slurm cluster of the test's own: the real daemons on this machine's loopback address, each node in a host name
 * and a pid namespace of its own, so that a node that is killed dies with all that runs on it, as a machine does. What
 * the jobs do is the test's affair.
 *
 * @module
 */
import { delay } from "@std/async/delay";

/** What each daemon is started in: what it starts ends with it, whatever that has made of itself. */
const NAMESPACES = ["--uts", "--pid", "--fork", "--kill-child", "--mount-proc"];

const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "scancel", "squeue", "sinfo", "unshare"];

/** Where the daemons are found, too. */
export const PATH = `${Deno.env.get("PATH")}:/usr/sbin:/sbin`;

/** Of the daemons, and so of the jobs. */
const ENVIRONMENT = { PATH, HOME: Deno.env.get("HOME") ?? "/", NO_COLOR: "1", TMPDIR: "/tmp" };

/** Between two looks at what only Slurm knows. */
const LOOK_MS = 100;

/** Starts of a cluster whose ports others have taken meanwhile. */
const MOST_ATTEMPTS = 3;

/** Far more than any of its steps takes. */
const HANGING_MS = 120_000;

/** Why there can be no cluster here; empty where there can be one. */
export const LACKING = lacking();

function lacking(): string {
  if (Deno.uid() !== 0) return "Skipping what needs Slurm: only root can start its daemons";
  for (const program of PROGRAMS) {
    if (!succeeds("/bin/sh", ["-c", `command -v ${program}`])) {
      const packages = "slurmctld, slurmd, slurm-client and munge";
      return `Skipping what needs Slurm: there is no ${program} here; Debian has it in ${packages}`;
    }
  }
  if (succeeds("unshare", [...NAMESPACES, "true"])) return "";
  return "Skipping what needs Slurm: unshare is not permitted here, by which each node has a host name of its own";
}

function succeeds(program: string, args: readonly string[]): boolean {
  try {
    const command = new Deno.Command(program, { args: [...args], env: { PATH }, stdout: "null", stderr: "null" });
    return command.outputSync().success;
  } catch {
    return false;
  }
}

/** A job, or one task of an array, as Slurm tells of it: `{"JobState": "RUNNING", "NodeList": "n2", …}`. */
export type JobRecord = Readonly<Record<string, string>>;

/** Real daemons, which end when it goes out of scope. */
export class Slurm implements AsyncDisposable {
  readonly #folder: string;
  readonly #daemons = new Map<string, Deno.ChildProcess>();
  /** Those that have ended by themselves. */
  readonly #ended = new Set<string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a cluster in a folder of its own, and waits until all its nodes are there. */
  static async start(
    folder: string,
    { nodes, cpus }: { readonly nodes: number; readonly cpus: number },
  ): Promise<Slurm> {
    for (let attempt = 1;; attempt++) {
      const slurm = new Slurm(`${folder}/${attempt}`);
      try {
        await slurm.#start({ nodes, cpus });
        return slurm;
      } catch (error) {
        const hasTakenPort = slurm.#ended.size > 0; // somebody else was there first
        await slurm[Symbol.asyncDispose]();
        if (!hasTakenPort || attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  async #start({ nodes, cpus }: { readonly nodes: number; readonly cpus: number }): Promise<void> {
    for (const name of ["state", "spool", "log", "munge"]) {
      Deno.mkdirSync(`${this.#folder}/${name}`, { recursive: true, mode: 0o700 });
    }
    const key = `${this.#folder}/munge/key`, socket = `${this.#folder}/munge.sock`;
    Deno.writeFileSync(key, crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o600 });
    Deno.writeTextFileSync(this.#config, this.#configText({ socket, nodes, cpus }));
    const own = (name: string) => `${this.#folder}/munge/${name}`;
    const files = [`--pid-file=${own("pid")}`, `--log-file=${own("log")}`, `--seed-file=${own("seed")}`];
    this.#daemon("munged", ["munged", "--foreground", "--force", `--key-file=${key}`, `--socket=${socket}`, ...files]);
    await this.#until(() => Promise.resolve(isThere(socket)), "munged listens");
    this.#daemon("slurmctld", ["slurmctld", "-D", "-f", this.#config]);
    for (let i = 1; i <= nodes; i++) {
      const command = `hostname n${i} && exec slurmd -D -N n${i} -f '${this.#config}'`;
      this.#daemon(`n${i}`, ["sh", "-c", command]);
    }
    await this.#until(async () => {
      const states = await this.run("sinfo", "-h", "-N", "-o", "%T").catch(() => "");
      return states.split("\n").filter((state) => state === "idle").length === nodes;
    }, "all nodes are idle");
  }

  get #config(): string {
    return `${this.#folder}/slurm.conf`;
  }

  #configText(
    { socket, nodes, cpus }: { readonly socket: string; readonly nodes: number; readonly cpus: number },
  ): string {
    const [controller, ...ports] = freePorts(nodes + 1);
    return [
      "ClusterName=test",
      "SlurmctldHost=localhost(127.0.0.1)",
      `SlurmctldPort=${controller}`,
      "SlurmUser=root",
      "SlurmdUser=root",
      "AuthType=auth/munge",
      `AuthInfo=socket=${socket}`,
      "CredType=cred/munge",
      `StateSaveLocation=${this.#folder}/state`,
      `SlurmdSpoolDir=${this.#folder}/spool/%n`,
      `SlurmctldPidFile=${this.#folder}/log/slurmctld.pid`,
      `SlurmdPidFile=${this.#folder}/log/slurmd-%n.pid`,
      `SlurmctldLogFile=${this.#folder}/log/slurmctld.log`,
      `SlurmdLogFile=${this.#folder}/log/slurmd-%n.log`,
      "ProctrackType=proctrack/linuxproc",
      "TaskPlugin=task/none",
      "MpiDefault=none",
      "SelectType=select/cons_tres",
      "SelectTypeParameters=CR_CPU",
      "AccountingStorageType=accounting_storage/none",
      "JobAcctGatherType=jobacct_gather/none",
      "ReturnToService=2",
      "KillWait=10",
      "SlurmdParameters=config_overrides",
      "SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1",
      ...ports.map((port, i) =>
        `NodeName=n${i + 1} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${port} CPUs=${cpus} State=UNKNOWN`
      ),
      "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP",
      "",
    ].join("\n");
  }

  #daemon(name: string, command: readonly string[]): void {
    const log = `exec "$@" >'${this.#folder}/log/${name}.out' 2>&1`;
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", log, "sh", "unshare", ...NAMESPACES, ...command],
      clearEnv: true,
      env: ENVIRONMENT,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#daemons.set(name, child);
    child.status.then(() => this.#daemons.has(name) && this.#ended.add(name));
  }

  /** What one of Slurm's own commands writes. */
  async run(program: string, ...args: string[]): Promise<string> {
    const command = new Deno.Command(program, {
      args,
      cwd: this.#folder,
      clearEnv: true,
      env: { ...ENVIRONMENT, SLURM_CONF: this.#config },
      stdin: "null",
      signal: AbortSignal.timeout(HANGING_MS),
    });
    const { success, stdout, stderr } = await command.output();
    if (!success) throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout).trim();
  }

  /** Submits a job script; the answer is the job's number. */
  async submit(script: string, ...args: string[]): Promise<string> {
    return (await this.run("sbatch", "--parsable", ...args, script)).split(";")[0];
  }

  /** What is known of a job, or of one task of an array, by `17` or `17_5`. */
  async job(id: string): Promise<JobRecord> {
    const text = await this.run("scontrol", "show", "job", id, "--oneliner");
    return Object.fromEntries(text.split(/\s+/).map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  }

  /** Waits for what a job comes to. */
  async until(id: string, isSo: (job: JobRecord) => boolean, what: string): Promise<JobRecord> {
    let job: JobRecord = {};
    await this.#until(async () => isSo(job = await this.job(id)), `job ${id} ${what}`);
    return job;
  }

  /** The end of a machine: all that runs on a node dies at once, and the controller is told. */
  async killNode(name: string): Promise<void> {
    await this.#end(name);
    await this.run("scontrol", "update", `nodename=${name}`, "state=down", "reason=killed");
  }

  /** With the first process of a namespace all the others have ended once its parent, which waits for it, has. */
  async #end(name: string): Promise<void> {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) return;
    this.#daemons.delete(name);
    const { pid } = daemon;
    try {
      const [first] = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ").filter((each) =>
        each !== ""
      );
      if (first === undefined) daemon.kill("SIGKILL");
      else Deno.kill(Number(first), "SIGKILL");
    } catch {
      // it has ended by itself
    }
    await daemon.status;
  }

  async #until(isSo: () => Promise<boolean>, what: string): Promise<void> {
    const deadlineMs = performance.now() + HANGING_MS;
    while (!await isSo()) {
      if (this.#ended.size > 0) throw new Error(`${[...this.#ended]} ended before this: ${what}\n${this.log()}`);
      if (performance.now() > deadlineMs) throw new Error(`It never came to this: ${what}\n${this.log()}`);
      await delay(LOOK_MS);
    }
  }

  /** The last that the daemons said. */
  log(): string {
    return [...Deno.readDirSync(`${this.#folder}/log`)].map(({ name }) => {
      const lines = Deno.readTextFileSync(`${this.#folder}/log/${name}`).split("\n").slice(-30);
      return `--- ${name}\n${lines.join("\n")}`;
    }).join("\n");
  }

  /** A node's daemon ends with all its jobs, as the processes of its namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#daemons.keys()].map((name) => this.#end(name)));
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Ports that nobody uses now. */
function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}
