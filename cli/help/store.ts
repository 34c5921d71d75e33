/**
 * Owns the help of `troupe store`.
 *
 * @module
 */
import type { Page } from "./page.ts";
import * as shared from "./shared.ts";

export const STORE_PAGE: Page = {
  command: "store",
  group: "set up",
  summary: "Show how large the store of artifacts is and what it is good for, or look after it",
  brief: "show the store of artifacts, or look after it",
  usage: ["store [gc|verify|clear] [OPTIONS]"],
  words: [
    ["gc", "remove what is too old or too much, the least recently used first, as builds do once a day"],
    ["verify", "read all of it, and remove what is damaged"],
    ["clear", "remove all of it"],
  ],
  positional: 1,
  about: [
    "Builds keep here what tasks have made, and take it out again when the same work is asked for: after an edit that was " +
    "undone, on another branch, or for outputs that were deleted. What a going build uses is never removed.",
  ],
  options: [
    {
      title: "What is meant",
      options: [
        {
          flag: "store",
          value: "PATH",
          text: "this store (default: TROUPE_STORE, or .troupe/store beside the config found here or above)",
        },
        { flag: "config", short: "c", value: "FILE", text: "the config whose store it is" },
        { flag: "dry-run", short: "n", text: "only say what would be removed" },
      ],
    },
    { title: "What is shown", options: [{ flag: "json", text: "the report as JSON" }, shared.HELP_OPTION] },
  ],
  files: [shared.CONFIG_FILE, shared.STORE_FILE],
  environment: shared.STORE_VARIABLES,
  exits: [
    ["0", "it was done, and nothing was wrong"],
    ["1", "something was damaged, or the store is in use"],
    ["2", "the input is wrong"],
    shared.BUG_EXIT,
  ],
  examples: [
    ["troupe store", "how large it is, and how often it helped"],
    ["troupe store gc -n", "what would go"],
  ],
};
