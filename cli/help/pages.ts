/**
 * Owns the list of all pages of help, for `troupe help`, for completions and for whoever makes documentation of them.
 *
 * @module
 */
import { BATCHES_PAGE, CHECK_PAGE, LOCKS_PAGE } from "./check.ts";
import { BUILD_PAGE, CLEAN_PAGE, RETRY_PAGE, RUN_PAGE } from "./do.ts";
import { EVENTS_TOPIC } from "./events.ts";
import { CREW_PAGE, JOIN_PAGE, STATUS_PAGE } from "./many.ts";
import type { Page, Topic } from "./page.ts";
import { GRAPH_PAGE, REPORT_PAGE, TRACE_PAGE, UI_PAGE } from "./pictures.ts";
import { HISTORY_PAGE, LIST_PAGE, SHOW_PAGE, WHY_PAGE } from "./see.ts";
import { STORE_PAGE } from "./store.ts";
import { COMPLETIONS_PAGE, HELP_PAGE, INIT_PAGE, SCHEMA_PAGE } from "./set_up.ts";
import { WATCH_PAGE } from "./watch.ts";
import { CI_TOPIC, CONFIG_TOPIC, EXIT_TOPIC } from "./topics.ts";

/** Commands, in the order in which they are listed. */
export const PAGES: readonly Page[] = [
  BUILD_PAGE,
  WATCH_PAGE,
  RUN_PAGE,
  RETRY_PAGE,
  CLEAN_PAGE,
  LIST_PAGE,
  WHY_PAGE,
  GRAPH_PAGE,
  TRACE_PAGE,
  SHOW_PAGE,
  HISTORY_PAGE,
  REPORT_PAGE,
  UI_PAGE,
  JOIN_PAGE,
  CREW_PAGE,
  STATUS_PAGE,
  CHECK_PAGE,
  BATCHES_PAGE,
  LOCKS_PAGE,
  STORE_PAGE,
  INIT_PAGE,
  SCHEMA_PAGE,
  COMPLETIONS_PAGE,
  HELP_PAGE,
];

/** Pages that are no command's. */
export const TOPICS: readonly Topic[] = [CONFIG_TOPIC, CI_TOPIC, EVENTS_TOPIC, EXIT_TOPIC];
