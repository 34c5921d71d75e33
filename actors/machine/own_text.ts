/**
 * Owns the reading of troupe's own files as text, wherever it was loaded from: a file, or an address.
 *
 * @module
 */
import { systemDetail } from "./system_error.ts";

/**
 * The text of one. An address is asked once more where Deno keeps no text of it.
 *
 * @throws {Deno.errors.NotCapable} When the right to read it is missing.
 * @throws {Error} When an address does not answer.
 */
export async function ownText(url: URL): Promise<string> {
  if (url.protocol === "file:") return await Deno.readTextFile(url);
  try {
    return (await import(url.href, { with: { type: "text" } }) as { readonly default: string }).default;
  } catch {
    // Before 2.8 that wants an option.
  }
  try {
    const response = await fetch(url);
    if (response.ok) return await response.text();
    throw new Error(response.statusText);
  } catch (error) {
    throw new Error(`cannot load ${url.href} again: ${systemDetail(error)}`);
  }
}
