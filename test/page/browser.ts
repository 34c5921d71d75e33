/**
 * Owns a real Chromium for tests of the page: found where systems have it, headless, with a profile of its own that is gone
 * with it. Its driver is loaded here alone.
 *
 * @module
 */
import type { Browser, Page } from "puppeteer-core";
import { HANGING_MS } from "../e2e/gates.ts";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/lib/chromium/chromium",
];

/** Where it is; undefined where there is none. */
export function findChromium(): string | undefined {
  return [Deno.env.get("CHROMIUM") ?? "", ...PLACES].find((path) => {
    try {
      return path !== "" && Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Looks of the reader's. */
export interface Looks {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
}

/** A browser that is closed when it goes out of scope. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #profile: string;

  private constructor(browser: Browser, profile: string) {
    this.#browser = browser;
    this.#profile = profile;
  }

  /** Starts one. */
  static async start(): Promise<TestBrowser> {
    const { default: puppeteer } = await import("puppeteer-core");
    const profile = Deno.makeTempDirSync({ prefix: "troupe-chromium-" });
    const browser = await puppeteer.launch({
      timeout: HANGING_MS,
      protocolTimeout: HANGING_MS,
      executablePath: findChromium(),
      userDataDir: profile,
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"],
    });
    return new TestBrowser(browser, profile);
  }

  /** Opens an address, and notes what the page complains of. */
  async open(url: string, { width = 1280, height = 800, scheme = "light" }: Looks = {}): Promise<OpenPage> {
    const page = await this.#browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warn") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", async (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      await dialog.dismiss();
    });
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`asks for ${request.url()}`);
    });
    page.setDefaultTimeout(HANGING_MS);
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(url, { waitUntil: "load" });
    return { page, complaints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await Deno.remove(this.#profile, { recursive: true }).catch(() => {});
  }
}

/** A page, and what it complained of so far: errors, warnings, dialogs, anything asked of elsewhere. */
export interface OpenPage {
  readonly page: Page;
  readonly complaints: readonly string[];
}
