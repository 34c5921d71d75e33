/**
 * Owns how a module with the right to run programs starts them: in the config's folder, without what is typed at the terminal, and
 * with what they print to a stream that they would inherit told as the task's own.
 * It gives no permissions and starts nothing itself.
 *
 * @module
 */
import process from "node:process";

/** Where commands start, and who takes what they print. */
export interface SandboxCommandContext {
  readonly print: (stream: "stdout" | "stderr", text: string | Uint8Array) => void;
  /** Absolute; undefined for the process's own folder. */
  readonly folder: () => string | undefined;
  /** What is declared for what runs now; undefined for nothing. */
  readonly env: () => Readonly<Record<string, string>> | undefined;
  /** What commands find in any case. */
  readonly told: () => Readonly<Record<string, string>> | undefined;
}

// deno-lint-ignore no-explicit-any
type Open = Record<string, any>;

const PRINTED = ["stdout", "stderr"] as const;

/** How long what a command left running is listened to once the command has ended. */
const TAIL_MS = 100;

/** Sets ways to start commands in front of Deno's and Node's. */
export function shutCommands(deno: Open, childProcess: Open, context: SandboxCommandContext): void {
  const Command = commandClass(context);
  deno.Command = Command;
  if (deno.spawn !== undefined) {
    const started = (command: string | URL, rest: unknown[]) => {
      const [args, options] = Array.isArray(rest[0]) ? rest : [undefined, rest[0]];
      return new Command(command, {
        ...(args === undefined ? {} : { args: args as string[] }),
        ...options as Deno.CommandOptions,
      });
    };
    deno.spawn = (command: string | URL, ...rest: unknown[]) => started(command, rest).spawn();
    deno.spawnAndWait = (command: string | URL, ...rest: unknown[]) => started(command, rest).output();
    deno.spawnAndWaitSync = (command: string | URL, ...rest: unknown[]) => started(command, rest).outputSync();
  }
  for (const name of ["spawn", "execFile", "exec", "fork"]) {
    const real = childProcess[name];
    childProcess[name] = (...values: unknown[]) => {
      const inherited = rewrite(name, values, context);
      const child = real(...values);
      for (const stream of inherited) {
        child[stream]?.on("data", (bytes: Uint8Array) => context.print(stream, bytes));
      }
      return child;
    };
  }
  for (const name of ["spawnSync", "execFileSync", "execSync"]) {
    childProcess[name] = runsSync(name, childProcess[name], context);
  }
}

function commandClass({ folder, env, told, print }: SandboxCommandContext): typeof Deno.Command {
  const Real = Deno.Command;
  return class Command {
    readonly #command: string | URL;
    readonly #options: Deno.CommandOptions;

    constructor(command: string | URL, options: Deno.CommandOptions = {}) {
      this.#command = command;
      const declared = options.clearEnv === true ? undefined : env();
      this.#options = { cwd: folder(), ...options, env: { ...declared, ...told(), ...options.env } };
    }

    spawn(): Deno.ChildProcess {
      const { inherited, options } = this.#given("inherit");
      const child = new Real(this.#command, options).spawn();
      if (inherited.length === 0) return child;
      const heard = Promise.all(inherited.map((stream) => passOn(child[stream], (bytes) => print(stream, bytes))));
      const status = (async () => {
        const ended = await child.status;
        await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, TAIL_MS))]);
        return ended;
      })();
      return Object.defineProperty(child, "status", { value: status });
    }

    async output(): Promise<Deno.CommandOutput> {
      const { inherited, options } = this.#given("piped");
      return printed(await new Real(this.#command, options).output(), inherited);
    }

    outputSync(): Deno.CommandOutput {
      const { inherited, options } = this.#given("piped");
      return printed(new Real(this.#command, options).outputSync(), inherited);
    }

    #given(usual: "inherit" | "piped") {
      const inherited = PRINTED.filter((stream) => (this.#options[stream] ?? usual) === "inherit");
      const piped = Object.fromEntries(inherited.map((stream) => [stream, "piped" as const]));
      const stdin = (this.#options.stdin ?? "inherit") === "inherit" ? { stdin: "null" as const } : {};
      return { inherited, options: { ...this.#options, ...piped, ...stdin } };
    }
  };

  function printed(output: Deno.CommandOutput, inherited: readonly ("stdout" | "stderr")[]): Deno.CommandOutput {
    for (const stream of inherited) print(stream, output[stream]);
    return output;
  }
}

async function passOn(readable: ReadableStream<Uint8Array>, take: (bytes: Uint8Array) => void): Promise<void> {
  for await (const bytes of readable) take(bytes);
}

/** A call that waits shows what was said when it is over, also when it throws. */
function runsSync(name: string, real: (...values: unknown[]) => unknown, context: SandboxCommandContext) {
  return (...values: unknown[]) => {
    const inherited = rewrite(name, values, context);
    const show = (said: Open) => {
      for (const stream of inherited) if (said?.[stream]) context.print(stream, said[stream]);
    };
    try {
      const made = real(...values);
      if (name === "spawnSync") show(made as Open);
      else show({ stdout: made });
      return made;
    } catch (error) {
      show(error as Open);
      throw error;
    }
  };
}

/** Changes the options among a call's values, or adds some; answers with the streams that would be inherited. */
function rewrite(
  name: string,
  values: unknown[],
  { folder, env, told }: SandboxCommandContext,
): ("stdout" | "stderr")[] {
  let at = values.findIndex((value, index) =>
    index > 0 && typeof value === "object" && value !== null && !Array.isArray(value)
  );
  if (at < 0) {
    const callback = values.findIndex((value) => typeof value === "function");
    at = callback < 0 ? values.length : callback;
    values.splice(at, 0, {});
  }
  const options = values[at] as Record<string, unknown>;
  const wanted = wantedStreams(name, options.stdio);
  const isInherited = (number: number) =>
    wanted[number] === "inherit" || wanted[number] === number || (wanted[number] as Open)?.fd === number;
  // What exec…Sync was told on stderr it keeps to itself when all goes well.
  const isKept = /^exec.*Sync$/.test(name);
  const inherited = PRINTED.filter((stream, index) => isInherited(index + 1) && !(isKept && stream === "stderr"));
  const piped = [undefined, ...PRINTED].map((stream) => stream !== undefined && inherited.includes(stream));
  const stdio = wanted.map((value, number) =>
    piped[number] ? "pipe" : number === 0 && isInherited(0) ? "ignore" : value
  );
  const own = options.env ?? (env() === undefined ? undefined : process.env);
  const given = own === undefined ? {} : { env: { ...told(), ...own as Record<string, string> } };
  values[at] = { cwd: folder() ?? process.cwd(), ...options, ...given, stdio };
  return inherited;
}

/** What is to become of the streams, as Node has it when nothing is said: errors of commands that are waited for are shown. */
function wantedStreams(name: string, given: unknown): unknown[] {
  if (typeof given === "string") return [given, given, given, ...(name === "fork" ? ["ipc"] : [])];
  if (Array.isArray(given)) return Array.from({ length: Math.max(3, given.length) }, (_, at) => given[at] ?? "pipe");
  if (name === "fork") return ["inherit", "inherit", "inherit", "ipc"];
  return /^exec.*Sync$/.test(name) ? ["pipe", "pipe", "inherit"] : ["pipe", "pipe", "pipe"];
}
