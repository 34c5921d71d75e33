/**
 * Owns the members that `troupe crew` has started as processes: their output, line by line with a prefix, the signals
 * passed on to them, and how each ended. What a member does is its own affair.
 *
 * Each leads a session of its own, or Ctrl-C on a terminal would reach it twice, from the terminal and from here, and a
 * second Ctrl-C means haste. The price is that a terminal's end does not reach them; parent.ts sees to that.
 *
 * @module
 */
import { LineSplitter } from "../terminal/line_splitter.ts";
import type { Reporter } from "../terminal/reporter.ts";
import type { StopListener } from "../process/stop_listener.ts";
import { systemDetail } from "../machine/system_error.ts";

/** So many signals ask, the last of them for haste; those after them are for a member that does not listen. */
const ASKING_SIGNALS = 2;

/** A program to start. */
export interface MemberCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a member ended: by an exit code, or by a signal. */
export interface MemberEnd {
  readonly pid: number;
  readonly code: number;
  readonly signal: string | null;
}

/** What the members are given. */
export interface SupervisorOptions {
  readonly reporter: Reporter;
  readonly stop: StopListener;
  /** Told of a member that could not end in good order, before it is waited for no more. */
  readonly onDeath: (pid: number) => Promise<void>;
}

/** Starts a process for each command and waits for all of them; undefined when they could not all be started. */
export async function runMembers(
  commands: readonly MemberCommand[],
  options: SupervisorOptions,
): Promise<MemberEnd[] | undefined> {
  const { reporter, stop } = options;
  const children: Deno.ChildProcess[] = [];
  const ends: Promise<MemberEnd>[] = [];
  let signals = 0;
  stop.onSignal = () => {
    signals++;
    const signal = signals > ASKING_SIGNALS ? "SIGKILL" : signals === ASKING_SIGNALS ? "SIGUSR2" : stop.signal!;
    for (const child of children) send(child, signal);
  };
  const all = (signal: Deno.Signal) => children.forEach((child) => send(child, signal));
  stop.pausing = {
    pause() {
      all("SIGTSTP");
      return Promise.resolve();
    },
    resume: () => all("SIGCONT"),
  };
  for (const [i, command] of commands.entries()) {
    if (stop.signal !== undefined) break;
    const child = start(command);
    if (child instanceof Deno.ChildProcess) {
      children.push(child);
      ends.push(follow(child, { ...options, number: i + 1 }));
    } else {
      reporter.error(`Cannot start member ${i + 1}: ${child.message}`);
      for (const other of children) send(other, "SIGTERM");
      await Promise.all(ends);
      return undefined;
    }
  }
  return await Promise.all(ends);
}

function start({ program, args, env }: MemberCommand): Deno.ChildProcess | { message: string } {
  try {
    return new Deno.Command(program, {
      args: [...args],
      env,
      stdin: "piped", // never written to: see parent.ts
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return { message: systemDetail(error) };
  }
}

async function follow(
  child: Deno.ChildProcess,
  { number, reporter, stop, onDeath }: SupervisorOptions & { readonly number: number },
): Promise<MemberEnd> {
  const prefix = new TextEncoder().encode(`[${number}] `);
  await Promise.all([
    collect(child.stdout, new LineSplitter(prefix, (lines) => reporter.raw(lines)), reporter),
    collect(child.stderr, new LineSplitter(prefix, (lines) => reporter.errorOutput(lines)), reporter),
  ]);
  const { pid, stdin } = child;
  const { code, signal } = await child.status;
  await stdin.close().catch(() => {}); // its other end is gone
  if (signal !== null) {
    if (signal === "SIGKILL" || stop.signal === undefined) {
      reporter.error(`Member ${number} (pid ${pid}) was ended by ${signal}`);
    }
    await onDeath(pid);
  }
  return { pid, code, signal };
}

async function collect(stream: ReadableStream<Uint8Array>, lines: LineSplitter, reporter: Reporter): Promise<void> {
  for await (const bytes of stream) {
    lines.add(bytes);
    await reporter.room();
  }
  lines.end();
}

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // it has ended
  }
}
