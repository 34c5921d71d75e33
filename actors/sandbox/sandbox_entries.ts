/**
 * Owns the URLs that sandboxes begin with. A thread of Node's kind takes files and text, and a sandbox may read and import no more than is
 * declared: where troupe itself was loaded by an address, the module and all it imports become one text, a `data:` URL.
 * It starts nothing.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Entry, entryModule } from "../machine/entry_modules.ts";
import { ownText } from "../machine/own_text.ts";

/** What a sandbox's thread or process begins with, and what the threads do that a module starts there. */
export interface SandboxEntry {
  readonly own: string;
  readonly nested: string;
}

/** By kind. Rejects with a sentence when the text cannot be had. */
export async function sandboxEntry(kind: "thread" | "process"): Promise<SandboxEntry> {
  const [own, nested] = await Promise.all([loadable(`sandbox_${kind}`), loadable("sandbox_nested")]);
  return { own, nested };
}

/** Text of each module that was loaded by an address, for all sandboxes of this process. */
const texts = new Map<string, Promise<string>>();

function loadable(entry: Entry): string | Promise<string> {
  const url = entryModule(entry);
  return url.protocol === "file:" || url.protocol === "data:" ? url.href : asText(url.href);
}

function asText(url: string): Promise<string> {
  let text = texts.get(url);
  if (text === undefined) texts.set(url, text = inlined(url));
  return text;
}

/** A module with the text of each module that it imports in the place of that one's name. */
async function inlined(url: string): Promise<string> {
  // Types are nothing that is loaded.
  const text = (await ownText(new URL(url))).replace(/^import type [^;]*;$/gm, "");
  const names = new Set([...text.matchAll(/ from "(\.{1,2}\/[^"]+)";$/gm)].map(([, name]) => name));
  const parts = new Map<string, string>();
  for (const name of names) parts.set(name, await asText(new URL(name, url).href));
  const whole = text.replace(/ from "(\.{1,2}\/[^"]+)";$/gm, (_, name) => ` from "${parts.get(name)}";`);
  return `data:application/typescript;base64,${Buffer.from(whole).toString("base64")}`;
}
