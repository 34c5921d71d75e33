/**
 * Owns the words of GitLab CI: sections of a job's log that can be folded.
 *
 * @module
 */
import { escapeControls } from "../text.ts";

/** A section of a log. */
export interface Section {
  /** Letters, digits and underscores; unlike that of any other, and known to nobody before. */
  readonly id: string;
  readonly title: string;
  readonly isCollapsed: boolean;
}

/** What stands above a section; `at` in milliseconds since 1970. */
export function sectionStart({ id, title, isCollapsed }: Section, at: number): string {
  const options = isCollapsed ? "[collapsed=true]" : "";
  return `\x1b[0Ksection_start:${seconds(at)}:${id}${options}\r\x1b[0K${escapeControls(title)}\n`;
}

/** What stands below a section. */
export function sectionEnd({ id }: Pick<Section, "id">, at: number): string {
  return `\x1b[0Ksection_end:${seconds(at)}:${id}\r\x1b[0K\n`;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
