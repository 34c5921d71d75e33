/**
 * Owns which remote cache is used and how: from flags, environment and config. It connects to nothing.
 *
 * @module
 */
import { toBase64 } from "../../graph/base64.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { quote } from "../../graph/text.ts";

/** Work that took less is not worth sending, in milliseconds. */
export const DEFAULT_MIN_MS = 100;

/** A remote cache, as it is to be used. */
export interface RemoteSettings {
  /** Without a slash at its end, and without a name and a password. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether what is made here is sent there. */
  readonly writes: boolean;
  /** What records are signed with, and must be. */
  readonly secret?: string;
  /** Milliseconds that a task must have taken. */
  readonly minMs: number;
}

/** What was said of it on a command line or by a program. */
export interface RemoteChoice {
  /** Its address, or false for none; default `TROUPE_REMOTE`, or that of the config. */
  readonly remote?: string | false;
  /** Send what is made here; default only with `TROUPE_REMOTE_WRITE=1`. */
  readonly remoteWrite?: boolean;
}

/** What a config says of it. */
export interface RemoteConfig {
  readonly remoteUrl?: string;
  /** Milliseconds. */
  readonly remoteMinMs?: number;
}

/**
 * The remote cache; undefined for none. What is given on the command line comes before the environment, and that before
 * the config.
 *
 * @throws {InputError} For an address or a variable that is not what it must be.
 */
export function remoteSettings(
  { remote, remoteWrite = false }: RemoteChoice,
  { remoteUrl, remoteMinMs }: RemoteConfig,
  variable: (name: string) => string | undefined,
): RemoteSettings | undefined {
  const given = remote ?? variable("TROUPE_REMOTE") ?? remoteUrl;
  if (given === undefined || given === false) return undefined;
  const { url, headers } = addressOf(given, remote === undefined ? "TROUPE_REMOTE" : "--remote");
  const secret = variable("TROUPE_REMOTE_KEY");
  return {
    url,
    headers: { ...headers, ...headersOf(variable("TROUPE_REMOTE_HEADER")) },
    writes: remoteWrite || variable("TROUPE_REMOTE_WRITE") === "1",
    ...(secret === undefined ? {} : { secret }),
    minMs: minOf(variable("TROUPE_REMOTE_MIN_MS")) ?? remoteMinMs ?? DEFAULT_MIN_MS,
  };
}

/** Whether a text is the address of a remote cache. */
export function isRemoteUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** A name and a password go as a header, since no address with them may be fetched. */
function addressOf(text: string, what: string): Pick<RemoteSettings, "url" | "headers"> {
  if (!isRemoteUrl(text)) {
    throw new InputError(`${what} must be an http or https address, not ${quote(text)}`);
  }
  const address = new URL(text), { username, password } = address;
  address.username =
    address.password =
    address.hash =
    address.search =
      "";
  const url = address.href.replace(/\/+$/, "");
  if (username === "" && password === "") return { url, headers: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url, headers: { Authorization: `Basic ${toBase64(new TextEncoder().encode(pair))}` } };
}

/** A line for each header. */
function headersOf(text: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of (text ?? "").split("\n")) {
    if (line.trim() === "") continue;
    const [, name, value] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    // What it holds may be a secret
    if (name === undefined) {
      throw new InputError("TROUPE_REMOTE_HEADER must be of the form 'Name: value', a line for each");
    }
    headers[name] = value;
  }
  return headers;
}

function minOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new InputError(`TROUPE_REMOTE_MIN_MS must be a number of milliseconds, not ${quote(text)}`);
}
