/**
 * Owns the page of help about `--events`: its kinds and fields are told by graph/report/event_fields.ts.
 *
 * @module
 */
import { EVENT_KINDS } from "../../graph/report/event_fields.ts";
import type { HelpEntry, Topic, TopicPart } from "./page.ts";

const FAILED = `troupe build --events - | jq -r 'select(.event == "task_failed") | "\\(.task): \\(.error)"'`;

const SLOWEST = `troupe build --events events.jsonl
jq -s '[.[] | select(.event == "task_completed")] | sort_by(-.duration) | .[:10][] | {task, duration}' events.jsonl`;

export const EVENTS_TOPIC: Topic = {
  topic: "events",
  summary: "What --events writes",
  parts: [
    {
      text:
        "build, run, retry and join with --events FILE write all that happens to a file as it does, one JSON object a " +
        "line; with - to stdout, and all other lines to stderr. Each has event, its kind, and time, in seconds since " +
        "1970 (UTC). Durations are seconds too, and tasks are named. No command and no value of an environment stands " +
        "in them, but what tasks print.",
    },
    {
      text: "run_started has the version of the events. Within it, kinds and fields are only added: pass by what you " +
        "do not know. Where the lines cannot be written this is said once, the run goes on, and the exit code is 1.",
    },
    { title: "Show what fails as it does", code: FAILED },
    { title: "The ten slowest tasks", code: SLOWEST },
    { title: "Kinds", entries: Object.entries(EVENT_KINDS).map(([kind, { text }]): HelpEntry => [kind, text]) },
    ...Object.entries(EVENT_KINDS).map(([kind, { fields }]): TopicPart => ({
      title: kind,
      entries: Object.entries(fields).map((
        [name, { text, isOptional }],
      ): HelpEntry => [isOptional ? `[${name}]` : name, text]),
    })),
    { text: "A field in brackets is not in every line of its kind. troupe schema events prints a JSON Schema." },
  ],
};
