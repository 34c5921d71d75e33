/**
 * Owns the page as one text that needs nothing beside it: markup, style, script and data. What tasks bring into it is data
 * alone, in JSON that cannot end its element, and the browser is told to run no script but this one.
 *
 * @module
 */
import type { PageData } from "../../graph/picture/page_data.ts";
import { readAssets } from "./assets.ts";

/** A page, and what the browser is told of it. */
export interface Page {
  readonly html: string;
  /** The Content-Security-Policy, which stands in the page too. */
  readonly policy: string;
}

/** Makes the page; a live one may ask whom it came from for more. */
export async function pageOf(data: PageData): Promise<Page> {
  const { markup, style, script } = await readAssets();
  const policy = [
    "default-src 'none'",
    `script-src '${await hashOf(script)}'`,
    `style-src '${await hashOf(style)}'`,
    ...(data.mode === "live" ? ["connect-src 'self'"] : []),
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts: Record<string, string> = {
    policy: `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    title: `<title>${textOf(data.title)}</title>`,
    style: `<style>${style}</style>`,
    data: `<script type="application/json" id="data">${jsonOf(data)}</script>`,
    script: `<script>${script}</script>`,
  };
  // Not by a text to replace with, in which dollars would mean something.
  return { html: markup.replace(/<!-- (\w+) -->/g, (_, name: string) => parts[name]), policy };
}

async function hashOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `sha256-${btoa(String.fromCharCode(...digest))}`;
}

/** Within an element of the page no text may begin another, and none a comment. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function textOf(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
