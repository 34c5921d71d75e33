/**
 * Owns how what a task printed is shown in the log of a CI: folded, under the task's line, so that it is no command to the
 * CI whatever it says; and in GitHub with the places that it complains about beside the code.
 *
 * @module
 */
import { relative } from "@std/path/posix/relative";
import { resolve } from "@std/path/posix/resolve";
import { shortFailure } from "../../graph/report/closing.ts";
import { describeTaskFailure } from "../../graph/failure.ts";
import { printedDiagnostics, tellingLine } from "../../graph/report/printed_diagnostics.ts";
import { githubAnnotations, githubCommand } from "../../graph/report/github.ts";
import { sectionEnd, sectionStart } from "../../graph/report/gitlab.ts";
import { withGap } from "../process/captured_text.ts";
import type { CiFace } from "./face.ts";
import { textOf } from "../engine/outcomes.ts";
import type { Reporter } from "./reporter.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { Output } from "../process/output.ts";
import { escapeControls } from "../../graph/text.ts";

/** The end of an attempt, or of a task that needed no doing. */
type PrintedEnd = Extract<RunEvent, { readonly kind: "executed" | "hit" | "failed" | "cancelled" }>;

/** The output of one run's tasks. */
export class CiOutput {
  readonly #reporter: Reporter;
  readonly #face: CiFace;
  /** Absolute; where commands run. */
  readonly #folder: string;
  /** The root of the repository, where it is known. */
  readonly #workspace = Deno.env.get("GITHUB_WORKSPACE");
  readonly #encoder = new TextEncoder();

  constructor(reporter: Reporter, { face, folder }: { readonly face: CiFace; readonly folder: string }) {
    this.#reporter = reporter;
    this.#face = face;
    this.#folder = folder;
  }

  /** Shows what a task printed, and in GitHub what is wrong where. */
  show(task: string, event: PrintedEnd): void {
    const { output } = event;
    if (output !== undefined) this.#fold(task, event, output);
    if (this.#face !== "github" || (event.kind !== "executed" && event.kind !== "failed")) return;
    if (event.kind === "failed" && event.retry !== undefined) return;
    const text = output === undefined ? "" : textOf(output);
    const annotations = githubAnnotations({
      task,
      ...(event.kind === "failed"
        ? { failure: event.failure, telling: tellingLine(text, describeTaskFailure(event.failure)) }
        : {}),
      diagnostics: printedDiagnostics(text),
      pathOf: (file) => this.#pathOf(file),
    });
    for (const annotation of annotations) this.#command(annotation);
  }

  #fold(task: string, event: PrintedEnd, { stdout, stderr }: Output): void {
    const pieces = [stdout, stderr].map(withGap).filter((bytes) => bytes.length > 0);
    if (pieces.length === 0) return;
    const name = escapeControls(task);
    const title = event.kind === "failed" ? `${name}: ${shortFailure(event.failure)}` : name;
    // Unlike any other, and unknown to whatever has printed the pieces.
    const token = `troupe_${crypto.randomUUID().replaceAll("-", "")}`;
    if (this.#face === "github") {
      this.#command(githubCommand("group", title));
      this.#command(githubCommand("stop-commands", token));
      for (const bytes of pieces) this.#reporter.verbatim(bytes);
      this.#command(githubCommand(token));
      this.#command(githubCommand("endgroup"));
    } else {
      const section = { id: token, title, isCollapsed: event.kind !== "failed" };
      this.#reporter.verbatim(this.#encoder.encode(sectionStart(section, Date.now())));
      for (const bytes of pieces) this.#reporter.verbatim(bytes);
      this.#reporter.verbatim(this.#encoder.encode(sectionEnd(section, Date.now())));
    }
  }

  #command(line: string): void {
    this.#reporter.verbatim(this.#encoder.encode(`${line}\n`));
  }

  /** Commands run in the config's folder, and their paths start there; GitHub's start at the root of the repository. */
  #pathOf(file: string): string {
    const path = resolve(this.#folder, file);
    const root = this.#workspace;
    return root !== undefined && path.startsWith(`${root}/`) ? relative(root, path) : path;
  }
}
