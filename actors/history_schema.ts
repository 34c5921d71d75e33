/**
 * Owns the tables of the history.
 * It holds no code: every column is here, for whoever wants to query the file on their own.
 *
 * Times are whole Unix seconds, since `datetime(started_at, 'unixepoch')` and sums over them should just work; what is
 * finer than a second is in the columns called `duration_ms`. Tasks that were not started yet have no row in `tasks`
 * while their run goes on: `definitions` has them all.
 *
 * @module
 */
import type { Schema } from "./database.ts";

const VERSION_1 = `
create table runs (
  id integer primary key autoincrement,      -- never given to another run
  started_at integer not null,               -- Unix seconds
  finished_at integer,                       -- Unix seconds; null while it goes on, and for ever if troupe was killed
  duration_ms integer,
  total_tasks integer not null,
  passed integer not null default 0,         -- kept up to date while the run goes on
  failed integer not null default 0,         -- those that timed out count too
  skipped integer not null default 0,
  timeouts integer not null default 0,       -- so many of the failed ones
  interrupted text,                          -- the signal that stopped it, e.g. SIGINT
  kind text not null check (kind in ('run', 'build')),
  source text not null,                      -- absolute path of the task file or config
  folder text not null,                      -- where the commands ran
  retry_of integer,                          -- the run it retries, which may be pruned by now
  host text not null,
  pid integer not null,
  process_birth text                         -- tells the process from a later one with its pid
);

create table tasks (
  id integer primary key,
  run_id integer not null references runs (id) on delete cascade,
  name text not null,
  command text not null,
  status text check (status in ('passed', 'failed', 'skipped', 'timeout')),  -- null while it runs
  exit_code integer,                         -- null if skipped or ended by a signal
  started_at integer,                        -- Unix seconds; null if skipped
  finished_at integer,                       -- null if skipped
  duration_ms integer,
  stdout text,                               -- a blob when it is not valid UTF-8 or holds a NUL
  stderr text,
  error text,                                -- why it failed or was skipped
  attempts integer not null default 1        -- 0 if skipped
);
create unique index tasks_by_run on tasks (run_id, name);

create table definitions (
  run_id integer not null references runs (id) on delete cascade,
  position integer not null,                 -- in the order of the task file
  name text not null,
  command text not null,
  dependencies text not null,                -- JSON: names in order
  timeout_ms integer,                        -- for one attempt; null means none
  retries integer not null,
  env text not null,                         -- JSON: name to value
  primary key (run_id, position)
) without rowid;
`;

/** What tasks declare about each other is kept to in a retry as well. */
const VERSION_2 = `
alter table definitions add column declared text;  -- JSON: what it reads, writes, shares and holds; null for nothing
`;

/** "TrpH" */
export const HISTORY_SCHEMA: Schema = { applicationId: 0x54727048, steps: [VERSION_1, VERSION_2] };
