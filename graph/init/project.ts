/**
 * Owns the shapes of what other tools can do in a folder, as `troupe init` finds it. No function; what becomes of it is
 * draft.ts's.
 *
 * @module
 */

/** One thing that another tool does by name. */
export interface Script {
  readonly name: string;
  /** What it runs, for guesses; empty where nobody can tell. */
  readonly text: string;
  /** The command that has the tool do it. */
  readonly command: string;
  readonly description?: string;
  /** Names of those that the tool does first, of the same file. */
  readonly needs?: readonly string[];
  /** It does nothing but have others done. */
  readonly isGroup?: boolean;
}

/** Scripts of one file. */
export interface ScriptFile {
  /** Its name, `package.json` say. */
  readonly file: string;
  /** What stands before a name that another file has as well. */
  readonly prefix: string;
  readonly scripts: readonly Script[];
  /** More text in which what they make may stand. */
  readonly text?: string;
  /** Whether no two of them may run at once. */
  readonly isExclusive?: boolean;
  /** Whether the tool does by itself what a script needs, so that here it only comes after it. */
  readonly doesNeeds?: boolean;
}

/** A package of a workspace. */
export interface WorkspaceMember {
  /** From the root on, normal. */
  readonly folder: string;
  /** What the other packages call it. */
  readonly name?: string;
  /** Names of packages that it says it needs, of this workspace and of others. */
  readonly needs: readonly string[];
  readonly scripts: readonly Script[];
}

/** All that is there. */
export interface FoundProject {
  readonly files: readonly ScriptFile[];
  readonly members: readonly WorkspaceMember[];
  /** The text of `.gitignore`; empty where there is none. */
  readonly ignored: string;
  /** Names of the folders here. */
  readonly folders: readonly string[];
}
