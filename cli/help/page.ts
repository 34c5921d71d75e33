/**
 * Owns the form of a command's help: data that is shown by `--help`, printed as documentation, and read by the parser of its
 * flags, so that no flag can be without a word.
 *
 * @module
 */
import type { FlagSpec } from "../options.ts";

/** The groups in which commands are listed, in this order. */
export const GROUPS = ["do", "see", "many", "check", "set up"] as const;

/** What commands of a group are for. */
export type HelpGroup = (typeof GROUPS)[number];

/** A word and what it means. */
export type HelpEntry = readonly [term: string, text: string];

/** One flag. */
export interface Option {
  /** Without its dashes. */
  readonly flag: string;
  /** The letter for a short one. */
  readonly short?: string;
  /** What stands for its value; absent for one that takes none. */
  readonly value?: string;
  /** What its value may be, where that is a word among few. */
  readonly among?: readonly string[];
  /** A sentence without a capital and a full stop. */
  readonly text: string;
  /** Whether it may be given several times. */
  readonly isRepeated?: boolean;
  /** Its value may be `-`. */
  readonly mayBeDash?: boolean;
  /** Another word for it. */
  readonly alias?: string;
}

/** Flags that belong together. */
export interface OptionGroup {
  readonly title: string;
  readonly options: readonly Option[];
}

/** The help of one command. */
export interface Page {
  readonly command: string;
  readonly group: HelpGroup;
  /** What it does, as a sentence without a full stop. */
  readonly summary: string;
  /** The same in a few words, for the list of commands; default the summary. */
  readonly brief?: string;
  /** Command lines, without `troupe`. */
  readonly usage: readonly string[];
  /** The words that are no flags. */
  readonly words?: readonly HelpEntry[];
  /** How many of these it takes. */
  readonly positional: number;
  /** Paragraphs. */
  readonly about?: readonly string[];
  readonly options: readonly OptionGroup[];
  /** Files that it reads or writes. */
  readonly files?: readonly HelpEntry[];
  /** Variables of the environment. */
  readonly environment?: readonly HelpEntry[];
  readonly exits: readonly HelpEntry[];
  /** Command lines, each with what it does. */
  readonly examples: readonly HelpEntry[];
}

/** A page that is no command's: paragraphs, tables and text as it is. */
export interface Topic {
  readonly topic: string;
  /** What it is about. */
  readonly summary: string;
  readonly parts: readonly TopicPart[];
}

/** A part of a topic. */
export type TopicPart =
  | { readonly text: string }
  | { readonly title: string; readonly entries: readonly HelpEntry[] }
  | { readonly title: string; readonly code: string };

/** What the parser of a command's flags is told. */
export function specOf({ options, positional }: Page): FlagSpec {
  const all = options.flatMap((group) => group.options);
  const names = (some: (option: Option) => boolean) => all.filter(some).map(({ flag }) => flag);
  return {
    boolean: names(({ value }) => value === undefined),
    string: names(({ value }) => value !== undefined),
    collect: names(({ isRepeated = false }) => isRepeated),
    dash: names(({ mayBeDash = false }) => mayBeDash),
    alias: Object.fromEntries(
      all.flatMap(({ short, alias, flag }) =>
        [short, alias].filter((name) => name !== undefined).map((name) => [name, flag])
      ),
    ),
    positional,
  };
}
